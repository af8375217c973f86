import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openInternalClient } from "./internal-client.ts";
import { IDLE_CONNECTION_SECONDS } from "./lifetimes.ts";
import { Metrics } from "./metrics.ts";
import type { Identity } from "../../tests/support/certificates.ts";
import { TestCertificates } from "../../tests/support/certificates.ts";
import { quantile } from "../../tests/support/quantile.ts";
import { ask, HOST, TestProcess } from "../../tests/support/service-process.ts";

let certificates: TestCertificates;
let others: TestCertificates;
let service: TestProcess;
let gateway: Identity;
let products: Identity;

beforeAll(async () => {
  [certificates, others] = await Promise.all([TestCertificates.open(), TestCertificates.open()]);
  [gateway, products] = await Promise.all([
    certificates.identity("gateway"),
    certificates.identity("products"),
  ]);
  service = await TestProcess.start(certificates);
});
afterAll(async () => {
  await service.end();
  certificates.remove();
  others.remove();
});

const refused = { status: 403, body: expect.objectContaining({ code: "caller_refused" }) as unknown };
const asGateway = { status: 200, body: { caller: "gateway", version: null } };

/** Both protocols in which services are asked: one request each, on a connection of its own. */
const protocols: [string, (path: string, identity?: Identity) => Promise<unknown>][] = [
  ["HTTP/1.1", (path, identity) => service.http1(path, identity)],
  [
    "HTTP/2",
    async (path, identity) => {
      const session = await service.http2(identity);
      try {
        return await ask(session, path);
      } finally {
        session.close();
      }
    },
  ],
];

describe.each(protocols)("a service over %s", (_protocol, get) => {
  it("knows its caller by the certificate", async () => {
    expect(await get("/orders", gateway)).toEqual(asGateway);
  });

  it("refuses a caller of another name", async () => {
    expect(await get("/orders", products)).toEqual(refused);
  });

  it("refuses who shows no certificate, on all paths but its health", async () => {
    for (const path of ["/orders", "/orders/openapi.json", "/nothing"])
      expect([path, await get(path)]).toEqual([path, refused]);
    expect(await get("/health")).toEqual({ status: 200, body: { status: "ok" } });
    expect(await get("/health/ready")).toEqual({ status: 200, body: { status: "ready" } });
  });

  it("takes the right name from another CA for no certificate at all", async () => {
    expect(await get("/orders", await others.identity("gateway"))).toEqual(refused);
  });
});

describe("a service's TLS", () => {
  it("knows the caller of a resumed session, and gives nobody another's", async () => {
    const agent = new Agent({ keepAlive: false });
    const resumed: boolean[] = [];
    const get = async () => {
      const sockets: TLSSocket[] = [];
      agent.once("keylog", (_line, socket: TLSSocket) => sockets.push(socket));
      const answer = await service.http1("/orders", gateway, { agent });
      resumed.push(sockets[0]?.isSessionReused() ?? false);
      return answer;
    };
    for (let time = 0; time < 3; time++) expect(await get()).toEqual(asGateway);
    expect(resumed[0]).toBe(false);
    expect(resumed.slice(1)).toContain(true);
    expect(await service.http1("/orders", undefined, { agent })).toEqual(refused);
    agent.destroy();
  });

  /** The protocol of a handshake; "refused" where there is none. */
  const handshake = (options: ConnectionOptions) =>
    new Promise((resolve) => {
      const target = { host: HOST, port: service.port, servername: "orders", ca: certificates.ca };
      const socket = connect({ ...target, ...options }, () => {
        resolve(socket.getProtocol());
        socket.destroy();
      });
      socket.on("error", () => resolve("refused"));
    });

  it("is TLS 1.3 and nothing older", async () => {
    expect(await handshake({ maxVersion: "TLSv1.3" })).toBe("TLSv1.3");
    expect(await handshake({ maxVersion: "TLSv1.2" })).toBe("refused");
  });

  it("agrees on keys by the groups of the modern profile alone", async () => {
    for (const ecdhCurve of ["X25519", "P-256", "P-384"])
      expect([ecdhCurve, await handshake({ ecdhCurve })]).toEqual([ecdhCurve, "TLSv1.3"]);
    for (const ecdhCurve of ["P-521", "X448", "ffdhe2048"])
      expect([ecdhCurve, await handshake({ ecdhCurve })]).toEqual([ecdhCurve, "refused"]);
  });
});

describe("the client that services call each other with", () => {
  const clientOf = async (name: string, expected: string, timeout = 3000, port = service.port) => {
    const { certFile, keyFile } = await certificates.files(name);
    const environment = { TLS_CA_FILE: certificates.caFile, TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile };
    return openInternalClient(
      { environment, metrics: new Metrics(name) },
      { service: expected, url: `https://${HOST}:${port}`, timeout },
    );
  };
  const add = "/microservice/orders/add";

  it("shows the caller's certificate and gives status and answer", async () => {
    const client = await clientOf("products", "orders");
    const body = { quantity: 1, name: "Kännchen" };
    expect(await client.post(add, body)).toEqual({ status: 201, body: { caller: "products", body } });
    await client.close();
  });

  it("gives a refusal as what it is", async () => {
    const client = await clientOf("authorization", "orders");
    expect(await client.post(add, {})).toEqual(refused);
    await client.close();
  });

  it("takes no other service for the one that it means", async () => {
    const client = await clientOf("products", "payments");
    await expect(client.post(add, {})).rejects.toThrow(/altnames/i);
    await client.close();
  });

  it("gives up after its timeout", async () => {
    const mute = createServer().listen(0, HOST);
    await once(mute, "listening");
    const client = await clientOf("products", "orders", 100, (mute.address() as AddressInfo).port);
    await expect(client.post(add, {})).rejects.toThrow(/timeout/i);
    mute.close();
    await client.close();
  });
});

describe("an answer in several writes", () => {
  it("does not wait with the second until the first is acknowledged, which clients put off for 40 ms", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const times: number[] = [];
    for (let turn = 0; turn < 40; turn++) {
      const start = performance.now();
      const answer = await service.http1("/orders?pieces", gateway, { agent });
      times.push(performance.now() - start);
      expect(answer).toEqual({ status: 200, body: { pieces: 2 } });
    }
    agent.destroy();
    expect(quantile(times, 0.5)).toBeLessThan(30);
  });
});

describe("an idle HTTP/1.1 connection", () => {
  it("is kept longer than the gateway keeps it, so that no request meets its end", async () => {
    const agent = new Agent({ keepAlive: true });
    const sent = request({
      ...{ host: HOST, port: service.port, path: "/orders", servername: "orders" },
      ...{ ca: certificates.ca, agent },
      ...gateway,
    });
    const [answer] = (await once(sent.end(), "response")) as [IncomingMessage];
    await once(answer.resume(), "end");
    agent.destroy();
    const [, seconds = "0"] = /timeout=(\d+)/.exec(String(answer.headers["keep-alive"])) ?? [];
    expect(Number(seconds)).toBeGreaterThan(IDLE_CONNECTION_SECONDS);
  });
});
