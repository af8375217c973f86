import { once } from "node:events";
import { connect, createSecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { TestCertificates } from "../../tests/support/certificates.ts";
import { trackConnections } from "./connections.ts";

const LIFE = 150;

describe("an HTTP/2 connection", () => {
  let certificates: TestCertificates;
  beforeAll(async () => {
    certificates = await TestCertificates.open();
  });
  afterAll(() => certificates.remove());

  async function session() {
    const server = createSecureServer({ ...(await certificates.identity("orders")), allowHTTP1: true });
    const connections = trackConnections(server, LIFE);
    server.on("stream", (stream) => {
      stream.respond({ ":status": 200 });
      setTimeout(() => stream.end("done"), 3 * LIFE);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const client = connect(`https://127.0.0.1:${port}`, { ca: certificates.ca, servername: "orders" });
    onTestFinished(() => {
      client.destroy();
      server.close();
    });
    await once(client, "connect");
    return { client, connections };
  }

  it("is told to go when its life is over, and stays open long enough for that to be read", async () => {
    const { client } = await session();
    await once(client, "goaway");
    const told = performance.now();
    await once(client, "close");
    expect(performance.now() - told).toBeGreaterThan(900);
  });

  it("finishes what was asked before", async () => {
    const { client } = await session();
    const stream = client.request({ ":path": "/" });
    const gone = once(client, "goaway");
    let body = "";
    stream.on("data", (chunk: Buffer) => (body += chunk.toString()));
    await Promise.all([once(stream, "end"), gone]);
    expect(body).toBe("done");
  });

  it("is told to go at once when the server drains", async () => {
    const { client, connections } = await session();
    const gone = once(client, "goaway");
    const drained = connections.drain();
    await gone;
    await drained;
    expect(client.closed || client.destroyed).toBe(true);
  });
});
