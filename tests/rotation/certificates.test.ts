import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { connect } from "node:tls";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestClient } from "../support/client.ts";
import { startLoad } from "../support/load.ts";
import type { TestPlatform } from "../support/platform.ts";
import { startTestPlatform } from "../support/platform.ts";
import { expectNoFailure, outputsOf, rotateLocal } from "../support/rotation.ts";

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startTestPlatform();
});
afterAll(() => platform.stop());

const read = (name: string) => readFileSync(join(platform.state, "certificates", name), "utf8");

interface Identity {
  readonly cert: string;
  readonly key: string;
}
const identity = (name: string): Identity => ({ cert: read(`${name}.crt`), key: read(`${name}.key`) });

describe("the CA, rotated under load", () => {
  it("fails no request, and leaves of the old CA are nothing when it is retired", async () => {
    const { state } = platform;
    const [oldGateway, oldLogin, oldOutputs] = [
      identity("gateway"),
      identity("database-orders"),
      outputsOf(state),
    ];

    const first = await startLoad(platform);
    await rotateLocal(state, "ca");
    const firstLoad = await first.stop();
    // Clients read the outputs while both are trusted: these will do from here to the end.
    const outputs = outputsOf(state);
    expect(outputs.gatewayCa).toContain(oldOutputs.gatewayCa);
    expect(await edge()).toMatchObject({ issuer: "CN=Gatehouse local CA 1" });

    const second = await startLoad({ ...platform, outputs });
    await rotateLocal(state, "ca");
    expect(await edge()).toMatchObject({ issuer: "CN=Gatehouse local CA 2" });
    expect(await callOrders(oldGateway)).toBe(200);
    await expect(query(oldLogin)).resolves.toBeDefined();

    await rotateLocal(state, "ca");
    expectNoFailure("the CA", firstLoad, await second.stop());

    expect(await callOrders(identity("gateway"))).toBe(200);
    expect(await callOrders(oldGateway)).toBe(403);
    await expect(query(identity("database-orders"))).resolves.toBeDefined();
    await expect(query(oldLogin)).rejects.toThrow(/unknown ca|certificate/i);
    // A client that nobody told of the new CA takes the gateway for an impostor.
    await expect(new TestClient({ outputs: oldOutputs }).get("/products")).rejects.toThrow(/certificate/);
    expect(outputsOf(state).gatewayCa).not.toContain(oldOutputs.gatewayCa);
  });
});

describe("leaves, renewed under load", () => {
  it("fails no request, and everybody shows another certificate and key", async () => {
    const names = ["edge", "gateway", "node", "orders", "database-orders"];
    const before = names.map((name) => read(`${name}.key`));
    const shown = [await edge(), await serviceCertificate()].map(({ serialNumber }) => serialNumber);
    const outputs = outputsOf(platform.state);

    const load = await startLoad({ ...platform, outputs });
    await rotateLocal(platform.state, "leaves");
    expectNoFailure("leaves", await load.stop());

    expect(names.filter((name, index) => read(`${name}.key`) === before[index])).toEqual([]);
    const now = [await edge(), await serviceCertificate()].map(({ serialNumber }) => serialNumber);
    expect(now.filter((serial) => shown.includes(serial))).toEqual([]);
    expect(now[0]).toBe(new X509Certificate(read("edge.crt")).serialNumber);
  });
});

/** The certificate that clients of the gateway see. */
function edge(): Promise<X509Certificate> {
  return shownAt(Number(new URL(platform.outputs.gatewayUrl).port), "localhost");
}

function serviceCertificate(): Promise<X509Certificate> {
  return shownAt(portOf("orders-1"), "orders");
}

async function shownAt(port: number, servername: string): Promise<X509Certificate> {
  const socket = connect({ host: "127.0.0.1", port, servername, ca: read("ca.crt") });
  await once(socket, "secureConnect");
  const certificate = socket.getPeerX509Certificate();
  socket.destroy();
  if (certificate === undefined) throw new Error(`port ${port} shows no certificate`);
  return certificate;
}

/** The port of a replica stays the same, and is in its log each time that it starts. */
function portOf(replica: string): number {
  return Number(/"port":(\d+)/.exec(readFileSync(join(platform.state, `logs/${replica}.log`), "utf8"))?.[1]);
}

/** Asks the orders service itself, with a client certificate. */
function callOrders(shown: Identity): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: "127.0.0.1",
        port: portOf("orders-1"),
        servername: "orders",
        ca: read("ca.crt"),
        agent: false,
        path: "/orders",
        headers: { "x-user-id": "0f8fad5b-d9cb-469f-a165-70867728950e" },
        ...shown,
      },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    );
    sent.on("error", reject).end();
  });
}

/** Signs in to the database as orders. */
async function query(shown: Identity): Promise<unknown> {
  const port = readFileSync(join(platform.state, "postgres/postmaster.pid"), "utf8").split("\n")[3];
  const client = new pg.Client({
    connectionString: `postgresql://orders@127.0.0.1:${port ?? ""}/orders`,
    ssl: { ca: read("ca.crt"), ...shown },
  });
  await client.connect();
  try {
    return await client.query("select 1");
  } finally {
    await client.end();
  }
}
