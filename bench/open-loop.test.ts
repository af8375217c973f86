import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Target } from "./clients.ts";
import { openLoop } from "./open-loop.ts";

const never = new AbortController().signal;
const rate = { rate: 400, seconds: 0.5 };

/** Asked for `/` by those that count, and for nothing by the connections that are opened before. */
async function serve(answer: (response: ServerResponse, turn: number) => void): Promise<[Target]> {
  let turn = -64;
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
  return [{ origin: `http://127.0.0.1:${port}`, path: "/", headers: {}, tls: {} }];
}

describe("requests at a steady rate", () => {
  it("come whatever has been answered: none waits for another's connection", async () => {
    const waiting: ServerResponse[] = [];
    const targets = await serve((response) => {
      waiting.push(response);
      if (waiting.length === 200) for (const one of waiting) one.end();
    });
    const { good, others } = await openLoop(targets, rate, never);
    expect([good.length, [...others]]).toEqual([200, []]);
    // The first was due half a second before the last, with which all were answered.
    expect(Math.max(...good)).toBeGreaterThan(450);
    expect(Math.min(...good)).toBeLessThan(Math.max(...good) - 300);
  });

  it("are told by what became of them", async () => {
    const statuses = [200, 201, 429, 503, 500, 404, undefined, 200];
    const targets = await serve((response, turn) => {
      const status = statuses[turn % statuses.length];
      if (status === undefined) response.destroy();
      else response.writeHead(status).end();
    });
    const { good, refused, others } = await openLoop(targets, rate, never);
    expect([good.length, refused.length]).toEqual([75, 50]);
    expect([others.get("500"), others.get("404"), others.get("UND_ERR_SOCKET")]).toEqual([25, 25, 25]);
  });

  it("stop where they are told to", async () => {
    const targets = await serve((response) => response.end());
    await expect(openLoop(targets, { rate: 400, seconds: 60 }, AbortSignal.timeout(300))).rejects.toThrow();
  });
});
