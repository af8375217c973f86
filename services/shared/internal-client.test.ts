import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import type { InternalClient } from "./internal-client.ts";
import { openInternalClient } from "./internal-client.ts";
import { Metrics } from "./metrics.ts";
import { TestCertificates } from "../../tests/support/certificates.ts";

describe("a call to another service", () => {
  let certificates: TestCertificates;
  beforeAll(async () => {
    certificates = await TestCertificates.open();
  });
  afterAll(() => certificates.remove());
  afterEach(() => vi.useRealTimers());

  type Handler = (request: IncomingMessage, response: ServerResponse) => void;

  async function serve(handler: Handler, name = "orders"): Promise<Server> {
    const identity = await certificates.identity(name);
    const server = createServer({ ...identity, ca: certificates.ca, requestCert: true }, handler);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return server;
  }

  async function clientOf(server: Server, metrics = new Metrics("products")): Promise<InternalClient> {
    const { certFile, keyFile } = await certificates.files("products");
    const environment = { TLS_CA_FILE: certificates.caFile, TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile };
    const client = openInternalClient(
      { environment, metrics },
      { service: "orders", url: `https://localhost:${(server.address() as AddressInfo).port}`, timeout: 500 },
    );
    onTestFinished(() => client.close());
    return client;
  }

  const answering = (status: number) => (_: IncomingMessage, response: ServerResponse) =>
    void response.writeHead(status, { "content-type": "application/json" }).end('{"well": true}');

  it("shows our certificate and gives status and answer", async () => {
    const callers: unknown[] = [];
    const server = await serve((request, response) => {
      const socket: unknown = request.socket;
      callers.push((socket as TLSSocket).getPeerCertificate().subject.CN);
      answering(201)(request, response);
    });
    const client = await clientOf(server);
    expect(await client.post("/x", {})).toEqual({ status: 201, body: { well: true } });
    expect(callers).toEqual(["products"]);
  });

  it("takes no other service for the one that is meant", async () => {
    const client = await clientOf(await serve(answering(200), "authentication"));
    await expect(client.post("/x", {})).rejects.toThrow(/altnames/i);
  });

  it("ends when its time is up", async () => {
    const client = await clientOf(await serve(() => undefined));
    await expect(client.post("/x", {})).rejects.toThrow(/timeout/i);
  });

  const breaking: Handler = (request) => void request.socket.destroy();

  it("is made once more, on another connection, where its own breaks", async () => {
    let calls = 0;
    const server = await serve((request, response) =>
      calls++ === 0 ? breaking(request, response) : answering(201)(request, response),
    );
    expect((await (await clientOf(server)).post("/x", {})).status).toBe(201);
    expect(calls).toBe(2);
  });

  it("is not made again after an answer, whatever that says, nor after its time", async () => {
    for (const handler of [answering(503), () => undefined]) {
      let calls = 0;
      const server = await serve((request, response) => {
        calls += 1;
        handler(request, response);
      });
      await (await clientOf(server)).post("/x", {}).catch(() => undefined);
      expect(calls).toBe(1);
    }
  });

  it.each([
    ["5xx", answering(500), 1],
    ["broken connections", breaking, 2],
  ])(
    "is not made after five failures in a row by %s, until two seconds later one tries again",
    async (_what, fail, attempts) => {
      let calls = 0;
      let handler: Handler = fail;
      const server = await serve((request, response) => {
        calls += 1;
        handler(request, response);
      });
      const metrics = new Metrics("products");
      const client = await clientOf(server, metrics);
      const open = async () => /^gatehouse_circuit_breaker_open.* (\d)$/m.exec(await metrics.text())?.[1];
      expect(await open()).toBe("0");
      vi.useFakeTimers({ toFake: ["Date"] });
      for (let time = 0; time < 5; time++) await client.post("/x", {}).catch(() => undefined);
      expect(calls).toBe(5 * attempts);
      await expect(client.post("/x", {})).rejects.toThrow(/breaker is open/);
      expect(calls).toBe(5 * attempts);
      expect(await open()).toBe("1");

      handler = answering(200);
      vi.setSystemTime(Date.now() + 2_001);
      expect((await client.post("/x", {})).status).toBe(200);
      expect((await client.post("/x", {})).status).toBe(200);
      expect(calls).toBe(5 * attempts + 2);
      expect(await open()).toBe("0");
    },
  );

  it("goes on through refusals, which are answers", async () => {
    const client = await clientOf(await serve(answering(403)));
    for (let time = 0; time < 8; time++) expect((await client.post("/x", {})).status).toBe(403);
  });
});
