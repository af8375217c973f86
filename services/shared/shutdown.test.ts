import { once } from "node:events";
import { Agent } from "node:https";
import { connect as connectTcp } from "node:net";
import type { TLSSocket } from "node:tls";
import { connect as connectTls } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { Identity } from "../../tests/support/certificates.ts";
import { TestCertificates } from "../../tests/support/certificates.ts";
import { ask, HOST, TestProcess } from "../../tests/support/service-process.ts";

let certificates: TestCertificates;
let gateway: Identity;
const started: TestProcess[] = [];

/** How a service ended whose request never did. It takes its time: it starts before the other tests. */
let stuckEnd: Promise<{ code: number | null; seconds: number; answer: unknown }>;

beforeAll(async () => {
  certificates = await TestCertificates.open();
  gateway = await certificates.identity("gateway");
  const stuck = await TestProcess.start(certificates);
  const answer = stuck.http1("/orders?wait", gateway).catch((error: unknown) => error);
  await stuck.told("in flight", 1);
  const signalled = performance.now();
  stuck.child.kill("SIGTERM");
  stuckEnd = stuck.exit.then(async (code) => ({
    code,
    seconds: (performance.now() - signalled) / 1000,
    answer: await answer,
  }));
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((service) => service.end()));
});
afterAll(() => certificates.remove());

async function start(environment?: Record<string, string>): Promise<TestProcess> {
  const service = await TestProcess.start(certificates, environment);
  started.push(service);
  return service;
}

const answered = { status: 200, body: { caller: "gateway", version: null } };
const closed = ["closed the client", "closed the pool"];

describe("a service that is told to end", () => {
  it("fails readiness at once, goes on serving for a while, and only then shuts the door", async () => {
    const service = await start({ SHUTDOWN_DELAY_MS: "1200" });
    service.child.kill("SIGTERM");
    await vi.waitFor(async () => expect((await service.http1("/health/ready")).status).toBe(503), {
      timeout: 1000,
    });
    expect((await service.http1("/health")).status).toBe(200);
    expect(await service.http1("/orders", gateway)).toEqual(answered);
    expect(await service.exit).toBe(0);
    await expect(service.http1("/health")).rejects.toThrow("ECONNREFUSED");
  });

  it("finishes what is in flight over either protocol, then closes its pools in order and exits 0", async () => {
    const service = await start();
    const session = await service.http2(gateway);
    const inFlight = [
      service.http1("/orders?wait", gateway),
      service.http1("/orders?wait", gateway, { agent: new Agent({ keepAlive: true }) }),
      ask(session, "/orders?wait"),
      ask(session, "/orders?wait"),
    ];
    await service.told("in flight", 4);

    service.child.kill("SIGTERM");
    await refusesConnections(service);
    expect(service.reports).not.toContain("closed the client");
    service.child.send("go on");
    expect(await Promise.all(inFlight)).toEqual([answered, answered, answered, answered]);
    expect(await service.exit).toBe(0);
    expect(service.reports.slice(-2)).toEqual(closed);
  });

  it("closes idle connections of every kind, and does not wait for them", async () => {
    const service = await start();
    const agent = new Agent({ keepAlive: true });
    await service.http1("/orders", gateway, { agent });
    const [keptAlive] = Object.values(agent.freeSockets).flat() as TLSSocket[];
    const session = await service.http2(gateway);
    await ask(session, "/orders");
    const silent = connectTls({ host: HOST, port: service.port, servername: "orders", ca: certificates.ca });
    await once(silent, "secureConnect");
    const ended = [keptAlive, session, silent].map((one) => once(one ?? agent, "close"));
    for (const one of [keptAlive, silent]) one?.on("error", () => undefined);

    const signalled = performance.now();
    service.child.kill("SIGTERM");
    await Promise.all(ended);
    expect(await service.exit).toBe(0);
    expect(performance.now() - signalled).toBeLessThan(3000);
    expect(service.reports.slice(-2)).toEqual(closed);
  });

  it("does not wait for a connection on which nobody has begun to speak TLS", async () => {
    const service = await start();
    const mute = connectTcp({ host: HOST, port: service.port }).on("error", () => undefined);
    await once(mute, "connect");
    await service.http1("/health");

    const signalled = performance.now();
    service.child.kill("SIGTERM");
    expect(await service.exit).toBe(0);
    expect(performance.now() - signalled).toBeLessThan(3000);
    expect(service.reports.slice(-2)).toEqual(closed);
  });

  it("ends on SIGINT too, and a second signal changes nothing", async () => {
    const service = await start({ SHUTDOWN_DELAY_MS: "300" });
    service.child.kill("SIGINT");
    service.child.kill("SIGTERM");
    expect(await service.exit).toBe(0);
    expect(service.reports).toEqual(["serving", ...closed]);
  });

  it("ends within 10 s, whatever is in flight", async () => {
    const { code, seconds, answer } = await stuckEnd;
    expect(code).toBe(0);
    expect(seconds).toBeLessThan(10);
    expect(answer).toBeInstanceOf(Error);
  });
});

describe("a service that cannot start", () => {
  it("ends with an error where its port is taken", async () => {
    const { port } = await start();
    await expect(start({ PORT: String(port) })).rejects.toThrow(/ended with 1 before .*EADDRINUSE/s);
  });
});

function refusesConnections(service: TestProcess): Promise<void> {
  return vi.waitFor(() => expect(service.http1("/health")).rejects.toThrow("ECONNREFUSED"), {
    timeout: 5000,
  });
}
