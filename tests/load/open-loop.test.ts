import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { goodput, timesOf } from "./arrivals.ts";
import { openLoop } from "./open-loop.ts";
import type { Target } from "./target.ts";

/** From each of 16 sources. */
const CONNECTIONS = 16;
const steady = { rate: 400, seconds: 0.5, connections: CONNECTIONS };

/** Answers what counts, and at once the requests that open connections before. */
async function serve(
  answer: (response: ServerResponse, turn: number) => void,
  connections = CONNECTIONS,
): Promise<() => Target> {
  let turn = -16 * connections;
  const server = createServer((_request: IncomingMessage, response) => {
    if (turn++ < 0) response.end();
    else answer(response, turn - 1);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return () => ({ kind: "read", origin: `http://127.0.0.1:${port}`, path: "/", headers: {}, tls: {} });
}

describe("requests at a steady rate", () => {
  it("come whatever has been answered, and count from when they were due", async () => {
    const waiting: ServerResponse[] = [];
    const next = await serve((response) => {
      waiting.push(response);
      if (waiting.length === 200) for (const one of waiting) one.end();
    });
    const { good, others, sent } = await openLoop({ ...steady, next });
    expect([good.length, [...others], sent]).toEqual([200, [], 1]);
    // The first was due half a second before the last, with which all were answered.
    const times = timesOf(good);
    expect(Math.max(...times)).toBeGreaterThan(450);
    expect(Math.min(...times)).toBeLessThan(Math.max(...times) - 300);
  });

  it("are told by what became of them", async () => {
    const statuses = [200, 201, 429, 503, 500, 404, undefined, 200];
    const next = await serve((response, turn) => {
      const status = statuses[turn % statuses.length];
      if (status === undefined) response.destroy();
      else response.writeHead(status, status === 429 ? { "retry-after": "1" } : {}).end();
    });
    const { good, refused, others } = await openLoop({ ...steady, next });
    expect([good.length, refused.length]).toEqual([75, 25]);
    expect(Object.fromEntries(others)).toEqual({
      "read 503 without Retry-After": 25,
      "read 500": 25,
      "read 404": 25,
      UND_ERR_SOCKET: 25,
    });
  });

  it("are no goodput when they are answered after the last one came", async () => {
    const next = await serve((response, turn) => {
      if (turn % 2 === 0) response.end();
      else setTimeout(() => response.end(), 700);
    });
    const arrivals = await openLoop({ ...steady, next });
    expect(arrivals.good).toHaveLength(200);
    expect(goodput(arrivals)).toBeGreaterThan(150);
    expect(goodput(arrivals)).toBeLessThanOrEqual(200);
  });

  it("are not sent where all connections wait, which is told", async () => {
    const next = await serve((response) => setTimeout(() => response.end(), 700), 1);
    const { good, sent } = await openLoop({ ...steady, connections: 1, next });
    expect(good).toHaveLength(16);
    expect(sent).toBeCloseTo(16 / 200);
  });

  it("stop where they are told to", async () => {
    const next = await serve((response) => response.end());
    const stop = AbortSignal.timeout(300);
    await expect(openLoop({ ...steady, seconds: 60, next, stop })).rejects.toThrow();
  });
});
