import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { connect, createSecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CertificateAuthority } from "../../local/certificates.ts";
import { startGateway } from "../../local/gateway.ts";
import { freePorts } from "../../local/ports.ts";
import { StateFolder } from "../../local/state.ts";
import { findTraefik } from "../../local/traefik.ts";
import { catalog } from "../../services/catalog.ts";
import { allRoutes, GATEWAY } from "../../services/shared/catalog.ts";
import { sendRaw } from "../support/raw.ts";

/** What the checks of this test's gateway say of every token. */
const GENUINE = { "x-user-id": "genuine-user", "x-user-role": "admin" } as const;
const FORGED = "forged";

const exposed = allRoutes(catalog, { drills: true }).filter(({ access }) => access !== "internal");
const names = ["X-User-ID", "X-User-Role"];

/** Ways to send a header so that somebody on the way may read it as an identity header. */
const spellings: [string, (name: string) => string][] = [
  ["as it is", (name) => `${name}: ${FORGED}`],
  ["in lower case", (name) => `${name.toLowerCase()}: ${FORGED}`],
  ["in upper case", (name) => `${name.toUpperCase()}: ${FORGED}`],
  ["twice", (name) => `${name}: ${FORGED}\r\n${name}: ${FORGED}`],
  ["empty, then filled", (name) => `${name}:\r\n${name}: ${FORGED}`],
  ["with underscores", (name) => `${name.replaceAll("-", "_")}: ${FORGED}`],
  ["with one underscore", (name) => `${name.replace("-", "_")}: ${FORGED}`],
  ["with dots", (name) => `${name.replaceAll("-", ".")}: ${FORGED}`],
  ["with a space before the colon", (name) => `${name} : ${FORGED}`],
  ["with a tab before the colon", (name) => `${name}\t: ${FORGED}`],
  ["folded", (name) => `X-Fold: a\r\n ${name}: ${FORGED}`],
  ["behind a bare line feed", (name) => `X-Fold: a\n${name}: ${FORGED}`],
  ["listed as a hop's own", (name) => `${name}: ${FORGED}\r\nConnection: ${name}`],
  [
    "listed, in another case",
    (name) => `${name.toLowerCase()}: ${FORGED}\r\nConnection: ${name.toUpperCase()}, X-User-Id`,
  ],
  ["as a trailer", (name) => `Trailer: ${name}\r\nTransfer-Encoding: chunked`],
];

describe("the identity headers of a client", () => {
  let gateway: Awaited<ReturnType<typeof echoGateway>>;
  beforeAll(async () => {
    gateway = await echoGateway();
  });
  afterAll(() => gateway.stop());

  const cases = exposed.flatMap((route) => spellings.map(([how, spell]) => ({ route, how, spell })));

  it.each(cases)(
    "$route.method $route.path: sent $how, no service sees them",
    async ({ route, how, spell }) => {
      for (const name of names) {
        for (const token of ["", "Authorization: Bearer good\r\n"]) {
          const path = route.path.replace("{id}", "x");
          const trailer = how === "as a trailer" ? `1\r\nx\r\n0\r\n${name}: ${FORGED}\r\n\r\n` : "";
          const request = `${route.method} ${path} HTTP/1.1\r\nHost: localhost\r\n${token}${spell(name)}\r\nConnection: close\r\n\r\n${trailer}`;
          const { status, body } = await sendRaw(gateway.url, gateway.ca, request);
          if (status !== 200) expect([400, 401]).toContain(status);
          else expectGenuine(JSON.parse(body) as Seen, route.access);
        }
      }
    },
  );

  it.each(exposed.map(({ method, path, access }) => ({ method, path, access })))(
    "$method $path: over HTTP/2 no service sees them either",
    async ({ method, path, access }) => {
      for (const extra of [
        { "x-user-id": FORGED, "x-user-role": FORGED },
        { x_user_id: FORGED },
        { "x-user-id": [FORGED, FORGED] },
      ]) {
        const { status, body } = await overHttp2(gateway, {
          ":method": method,
          ":path": path.replace("{id}", "x"),
          ...extra,
        });
        if (status !== 200) expect([400, 401]).toContain(status);
        else expectGenuine(JSON.parse(body) as Seen, access);
      }
    },
  );

  it("reach a service only as the platform's checks set them", async () => {
    const request = (path: string) =>
      sendRaw(
        gateway.url,
        gateway.ca,
        `GET ${path} HTTP/1.1\r\nHost: localhost\r\nCookie: jwt=good\r\nConnection: close\r\n\r\n`,
      );
    const seen = async (path: string) => JSON.parse((await request(path)).body) as Seen;
    expect(await seen("/orders")).toMatchObject({ "x-user-id": GENUINE["x-user-id"] });
    expect(await seen("/products/admin")).toMatchObject(GENUINE);
    expect((await seen("/orders"))["x-user-role"]).toBeUndefined();
  });

  it("and its tokens stay with the service that checks them", async () => {
    const headers = "Cookie: jwt=good\r\nAuthorization: Bearer good\r\n";
    const { body } = await sendRaw(
      gateway.url,
      gateway.ca,
      `GET /orders HTTP/1.1\r\nHost: localhost\r\n${headers}Connection: close\r\n\r\n`,
    );
    const seen = JSON.parse(body) as Seen;
    expect(Object.keys(seen)).not.toContain("cookie");
    expect(Object.keys(seen)).not.toContain("authorization");
  });
});

/** The headers and trailers that a service saw. */
type Seen = Record<string, string | string[]>;

function expectGenuine(seen: Seen, access: string): void {
  const plain = (name: string) => name.toLowerCase().replaceAll(/[^a-z]/g, "");
  const allowed: Record<string, string[]> = {
    xuserid: access === "public" ? [] : [GENUINE["x-user-id"]],
    xuserrole: access === "admin" ? [GENUINE["x-user-role"]] : [],
  };
  for (const [name, value] of Object.entries(seen)) {
    const genuine = allowed[plain(name)];
    if (genuine !== undefined) expect(genuine).toContain(value);
  }
}

/** A real gateway with the catalog's own routes, whose services and checks tell what they see. */
async function echoGateway() {
  const path = mkdtempSync(join(tmpdir(), "gatehouse-identity-"));
  const folder = await StateFolder.open(path);
  const authority = await CertificateAuthority.open(folder);
  const services = Object.keys(catalog);
  await authority.issue("edge", {
    commonName: "localhost",
    hosts: ["localhost", "127.0.0.1"],
    usages: ["serverAuth"],
  });
  await authority.issue(GATEWAY, { commonName: GATEWAY, hosts: [GATEWAY], usages: ["clientAuth"] });
  await authority.issue("echo", {
    commonName: "echo",
    hosts: ["localhost", ...services],
    usages: ["serverAuth"],
  });

  const server = createSecureServer(
    {
      allowHTTP1: true,
      ca: authority.pem,
      cert: readFileSync(authority.files("echo").certFile),
      key: readFileSync(authority.files("echo").keyFile),
      requestCert: true,
    },
    answer,
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `https://localhost:${(server.address() as AddressInfo).port}`;
  const [port = 0, httpPort = 0, metricsPort = 0] = await freePorts(3);
  const gateway = await startGateway({
    folder,
    authority,
    services: { address: () => address, replicas: () => [address] },
    options: {
      port,
      httpPort,
      state: path,
      replicas: 1,
      limits: "off",
      limitStoreFailure: "local",
      checks: "service",
      drills: true,
      logs: false,
      roleRefusal: "401",
      databaseUrl: undefined,
    },
    report: () => undefined,
    traefik: await findTraefik(),
    port,
    httpPort,
    metricsPort,
  });
  return {
    url: `https://localhost:${port}`,
    ca: authority.pem,
    async stop() {
      await gateway.stop();
      server.close();
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** As a check: who shows a token is the genuine user. As a service: what came. */
function answer(request: Http2ServerRequest, response: Http2ServerResponse): void {
  if (request.url.startsWith("/validate")) {
    const role = request.url.includes("role=");
    const known = role ? request.headers["x-user-id"] === GENUINE["x-user-id"] : hasToken(request);
    response.writeHead(
      known ? 200 : 401,
      known ? { [role ? "x-user-role" : "x-user-id"]: GENUINE[role ? "x-user-role" : "x-user-id"] } : {},
    );
    response.end();
    return;
  }
  request.resume();
  request.on("end", () => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ ...request.headers, ...request.trailers }));
  });
}

function hasToken({ headers }: Http2ServerRequest): boolean {
  return headers.authorization === "Bearer good" || headers.cookie === "jwt=good";
}

function overHttp2(
  { url, ca }: { url: string; ca: string },
  headers: Record<string, string | string[]>,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const session = connect(url, { ca, servername: "localhost" });
    session.on("error", reject);
    const stream = session.request({ authorization: "Bearer good", ...headers });
    let status = 0;
    let body = "";
    stream.on("response", (got) => (status = got[":status"] ?? 0));
    stream.on("data", (chunk: Buffer) => (body += chunk.toString()));
    stream.on("error", reject);
    stream.on("end", () => {
      session.close();
      resolve({ status, body });
    });
    stream.end();
  });
}
