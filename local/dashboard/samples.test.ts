import { describe, expect, it } from "vitest";
import { parseMetrics } from "./metrics-text.ts";
import { Sampler, Window } from "./samples.ts";
import { refusalsOf, requestsByProcess, trafficByRouter, trafficOf } from "./traffic.ts";

const series = (text: string) => parseMetrics(text, () => true);
const sample = (seconds: number, processes: Record<string, string>) => ({
  at: seconds * 1000,
  series: new Map(Object.entries(processes).map(([name, text]) => [name, series(text)])),
});

describe("Prometheus' text format", () => {
  it("is read with labels, whatever is in them", () => {
    const text = [
      "# HELP requests_total Requests, all { of them } 1",
      "# TYPE requests_total counter",
      String.raw`requests_total{path="/a{b}, \"c\"\\\n",code="200"} 12 1764115200000`,
      "up 1",
      "ratio +Inf",
      "unknown NaN",
      "",
    ].join("\n");
    const found = parseMetrics(text, (name) => name !== "up");
    expect(found.map(({ name, labels, value }) => [name, labels, value])).toEqual([
      ["requests_total", { path: '/a{b}, "c"\\\n', code: "200" }, 12],
      ["ratio", {}, Infinity],
      ["unknown", {}, NaN],
    ]);
  });
});

describe("rates", () => {
  const entry = (code: number, count: number) =>
    `traefik_entrypoint_requests_total{code="${code}",entrypoint="websecure"} ${count}`;
  const bucket = (le: string, count: number) =>
    `traefik_entrypoint_request_duration_seconds_bucket{entrypoint="websecure",le="${le}"} ${count}`;

  it("are what happened between two samples: requests, refusals, failures and how long they took", () => {
    const before = sample(0, {
      gateway: [entry(200, 100), bucket("0.1", 90), bucket("0.2", 100), bucket("+Inf", 100)].join("\n"),
    });
    const after = sample(10, {
      gateway: [
        entry(200, 180),
        entry(429, 15),
        entry(503, 5),
        `traefik_entrypoint_requests_total{code="200",entrypoint="metrics"} 50`,
        ...[bucket("0.1", 140), bucket("0.2", 200), bucket("+Inf", 200)],
      ].join("\n"),
    });
    expect(trafficOf(new Window(before, after))).toEqual({
      requests: 10,
      refusals: 1.5,
      errors: 0.5,
      median: expect.closeTo(0.1, 5) as number,
      p95: expect.closeTo(0.19, 5) as number,
    });
    expect(refusalsOf(new Window(before, after))).toEqual([
      { by: "gateway", reason: "429", total: 15, perSecond: 1.5 },
      { by: "gateway", reason: "503", total: 5, perSecond: 0.5 },
    ]);
  });

  it("count a process that began anew from 0, and leave out one that was not heard before", () => {
    const of = (count: number) => `http_requests_total{route="/orders"} ${count}`;
    const before = sample(0, { "orders-1": of(1000) });
    const after = sample(10, { "orders-1": of(20), "orders-2": of(500) });
    expect([...requestsByProcess(new Window(before, after))]).toEqual([["orders-1", 2]]);
  });

  it("are of the router without its provider, where it had traffic", () => {
    const of = (router: string, count: number) =>
      `traefik_router_requests_total{code="200",router="${router}@file"} ${count}`;
    const before = sample(0, { gateway: [of("get-orders", 1), of("get-docs", 5)].join("\n") });
    const after = sample(2, { gateway: [of("get-orders", 3), of("get-docs", 5)].join("\n") });
    expect([...trafficByRouter(new Window(before, after)).keys()]).toEqual(["get-orders"]);
  });

  it("know no latency where nothing was answered", () => {
    const same = { gateway: [bucket("0.1", 90), bucket("+Inf", 100)].join("\n") };
    expect(trafficOf(new Window(sample(0, same), sample(10, same)))).toMatchObject({
      requests: 0,
      p95: undefined,
    });
  });

  it("say that what took longer than the last bound took that", () => {
    const before = sample(0, { gateway: [bucket("5", 0), bucket("+Inf", 0)].join("\n") });
    const after = sample(1, { gateway: [bucket("5", 0), bucket("+Inf", 9)].join("\n") });
    expect(trafficOf(new Window(before, after)).median).toBe(5);
  });
});

describe("metrics", () => {
  function sampler() {
    const clock = { now: 1_000_000, reads: 0 };
    const read = () => Promise.resolve(new Map([["gateway", series(`count ${(clock.reads += 1)}`)]]));
    const summarize = (window: Window) => ({ rate: window.increases("count")[0]?.perSecond });
    return { clock, metrics: new Sampler(read, summarize, () => clock.now) };
  }

  it("are read when somebody looks, once an interval however many do", async () => {
    const { clock, metrics } = sampler();
    expect(clock.reads).toBe(0);
    await Promise.all([metrics.look(), metrics.look(), metrics.look()]);
    await metrics.look();
    expect(clock.reads).toBe(1);
    clock.now += 2_000;
    const { window, points } = await metrics.look();
    expect(clock.reads).toBe(2);
    expect(window.increases("count")).toEqual([{ process: "gateway", labels: {}, perSecond: 0.5 }]);
    expect(points).toEqual([{ rate: 0.5, at: clock.now }]);
  });

  it("of an hour in which nobody looked are one rate, and the charts begin anew", async () => {
    const { clock, metrics } = sampler();
    for (let looks = 0; looks < 20; looks++, clock.now += 2_000) await metrics.look();
    expect((await metrics.look()).points.length).toBe(20);
    clock.now += 3_600_000;
    const { window, points } = await metrics.look();
    expect(points).toHaveLength(1);
    expect(window.increases("count")[0]?.perSecond).toBeLessThan(0.001);
  });

  it("are told to be missing where they cannot be read, and read again the next time", async () => {
    let works = false;
    const read = () => (works ? Promise.resolve(new Map()) : Promise.reject(new Error("away")));
    const metrics = new Sampler(read, () => ({}));
    await expect(metrics.look()).rejects.toThrow("away");
    works = true;
    await expect(metrics.look()).resolves.toMatchObject({ points: [] });
  });
});
