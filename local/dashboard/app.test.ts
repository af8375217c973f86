import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { WatchedProcess } from "../kept-process.ts";
import { parseLogLine } from "../log-lines.ts";
import type { DashboardDependencies } from "./app.ts";
import { createDashboard } from "./app.ts";
import { parseMetrics } from "./metrics-text.ts";
import { Sampler } from "./samples.ts";
import { Traces } from "./traces.ts";
import { trafficOf } from "./traffic.ts";

const HOST = "127.0.0.1:8081";
const TOKEN = "the-token-of-this-run";
const COOKIE = `dashboard-8081=${TOKEN}`;
const MARKUP = `<script>alert("1")</script>`;

/** A dashboard in memory, with what was killed by it. */
function dashboard(changes: Partial<DashboardDependencies> = {}) {
  const killed: string[] = [];
  const process: WatchedProcess = {
    name: "orders-1",
    pid: 4711,
    restarts: 0,
    ready: true,
    kill: () => killed.push("orders-1"),
  };
  const app = createDashboard({
    port: 8081,
    token: TOKEN,
    gatewayUrl: "https://localhost:8443",
    processes: [process],
    routes: [],
    routers: {},
    metrics: new Sampler(
      () =>
        Promise.resolve(
          new Map([["orders-1", parseMetrics("process_resident_memory_bytes 84e6", () => true)]]),
        ),
      trafficOf,
    ),
    logs: { last: () => [parseLogLine("orders-1", JSON.stringify({ level: "info", msg: MARKUP }))] },
    traces: undefined,
    drills: [
      {
        name: "kill",
        tells: "",
        fits: () => true,
        run: (of) => {
          of.kill();
          return Promise.resolve();
        },
      },
    ],
    ...changes,
  });
  const ask = async (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
    app.request(`http://${HOST}${path}`, { ...init, headers: { host: HOST, cookie: COOKIE, ...headers } });
  const kill = (headers: Record<string, string>) =>
    ask("/drills/kill", headers, { method: "POST", body: new URLSearchParams({ process: "orders-1" }) });
  return { ask, kill, killed };
}

describe("the dashboard", () => {
  it("shows processes and logs, and what is in them as text", async () => {
    const answer = await dashboard().ask("/");
    const page = await answer.text();
    expect(answer.status).toBe(200);
    expect(page).toMatch(/orders-1[\s\S]*ready[\s\S]*4711[\s\S]*84 MB/);
    expect(page).toContain("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;");
    expect(page).not.toContain(MARKUP);
    expect(page).not.toContain(TOKEN);
  });

  it("shows what was typed as text, in the form and in what is asked for again", async () => {
    const page = await (await dashboard().ask(`/?text=${encodeURIComponent(`">${MARKUP}`)}`)).text();
    expect(page).toContain(`value="&quot;&gt;&lt;script&gt;`);
    expect(page).not.toContain(MARKUP);
  });

  it("says of a part why it cannot be shown, and shows the others", async () => {
    const page = await (
      await dashboard({ metrics: { look: () => Promise.reject(new Error(`no metrics ${MARKUP}`)) } }).ask(
        "/live",
      )
    ).text();
    expect(page.match(/This cannot be shown: no metrics &lt;script&gt;/g)).toHaveLength(3);
    expect(page).toContain("&lt;script&gt;alert");
  });

  it("lets scripts and styles come from itself alone, and nobody frame it", async () => {
    const policy = (await dashboard().ask("/")).headers.get("content-security-policy");
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
  });
});

describe("the dashboard's door", () => {
  it.each(["evil.example:8081", "evil.example", "127.0.0.1", "127.0.0.1:8082", ""])(
    "is shut to a browser that believes to be at %j",
    async (host) => {
      const answer = await dashboard().ask("/", { host });
      expect([answer.status, await answer.text()]).toEqual([421, expect.not.stringContaining("orders-1")]);
    },
  );

  it("is opened by the token, which is in a cookie of this port from then on", async () => {
    const { ask } = dashboard();
    for (const path of ["/", "/live", "/?token=wrong", "/dashboard.js"])
      expect((await ask(path, { cookie: "dashboard-8081=other" })).status, path).toBe(401);
    const answer = await ask(`/?token=${TOKEN}`, { cookie: "" });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/"]);
    expect(answer.headers.get("set-cookie")).toBe(`${COOKIE}; Path=/; HttpOnly; SameSite=Strict`);
  });

  it.each([
    {},
    { origin: "null" },
    { origin: "http://127.0.0.1:8082" },
    { origin: "https://127.0.0.1:8081" },
  ])("does not let a page of %j break anything", async (headers) => {
    const { kill, killed } = dashboard();
    expect((await kill(headers as Record<string, string>)).status).toBe(403);
    expect(killed).toEqual([]);
  });

  it("lets its own page run a drill", async () => {
    const { kill, killed } = dashboard();
    expect((await kill({ origin: `http://${HOST}`, cookie: "" })).status).toBe(401);
    expect((await kill({ origin: `http://${HOST}` })).status).toBe(303);
    expect(killed).toEqual(["orders-1"]);
  });

  it("has no drills where they are off", async () => {
    const { ask, kill, killed } = dashboard({ drills: [] });
    expect(await (await ask("/")).text()).not.toContain('<button name="process"');
    expect((await kill({ origin: `http://${HOST}` })).status).toBe(404);
    expect(killed).toEqual([]);
  });
});

describe("traces that are sent to the dashboard", () => {
  const span = (name: string) => ({
    ...{ traceId: "a1", spanId: "b1", name, attributes: [] },
    startTimeUnixNano: "1764115200000000000",
    endTimeUnixNano: "1764115200012000000",
  });
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "orders" } }] };
  const body = JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span(MARKUP)] }] }] });
  const type = "application/json";

  it("are shown as text, with how long they took", async () => {
    const { ask } = dashboard({ traces: new Traces() });
    const send = (headers: Record<string, string>, sent: string | Buffer<ArrayBuffer>) =>
      ask("/v1/traces", { cookie: "", ...headers }, { method: "POST", body: sent });
    expect((await send({ "content-type": type, "content-encoding": "gzip" }, gzipSync(body))).status).toBe(
      200,
    );
    const page = await (await ask("/live")).text();
    expect(page).toMatch(/<b>orders<\/b>\s+&lt;script&gt;/);
    expect(page).toContain("12 ms");
    expect(page).not.toContain(MARKUP);
  });

  it("are refused where they are none, or where a page of another origin could have sent them", async () => {
    const { ask } = dashboard({ traces: new Traces() });
    const send = (contentType: string, sent: string) =>
      ask("/v1/traces", { cookie: "", "content-type": contentType }, { method: "POST", body: sent });
    expect((await send(type, "{")).status).toBe(400);
    expect((await send(type, "x".repeat(9 * 1024 * 1024))).status).toBe(413);
    expect((await send("text/plain", body)).status).toBe(415);
    expect(await (await ask("/live")).text()).toContain("No request was traced yet");
  });

  it("go nowhere where they were not asked for", async () => {
    const answer = await dashboard().ask(
      "/v1/traces",
      { cookie: "", "content-type": type },
      { method: "POST", body },
    );
    expect(answer.status).toBe(401);
  });
});
