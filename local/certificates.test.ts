import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { connect, createServer } from "node:tls";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { Leaf } from "./certificates.ts";
import { CertificateAuthority } from "./certificates.ts";
import { HOST } from "./ports.ts";
import { StateFolder } from "./state.ts";
import { temporaryFolder } from "./testing.ts";

const DAY = 24 * 60 * 60 * 1000;
const UNTRUSTED = "UNABLE_TO_VERIFY_LEAF_SIGNATURE";
const server: Leaf = {
  commonName: "orders",
  hosts: ["orders", "localhost", HOST, "::1"],
  usages: ["serverAuth"],
};
const client: Leaf = { commonName: "gateway", hosts: ["gateway"], usages: ["clientAuth"] };

afterEach(() => vi.useRealTimers());

async function newAuthority() {
  const folder = await StateFolder.open(temporaryFolder());
  return { folder, authority: await CertificateAuthority.open(folder) };
}

function read(authority: CertificateAuthority, name: string) {
  const { certFile, keyFile } = authority.files(name);
  return { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
}
const parsed = (authority: CertificateAuthority, name: string) =>
  new X509Certificate(read(authority, name).cert);

interface Handshake {
  /** The CA that each side trusts. */
  readonly ca?: string;
  readonly servername?: string;
  readonly serverLeaf?: string;
  readonly clientLeaf?: string;
}

/** A real handshake with certificates on both sides: whom the server sees and whom the client, or why not. */
async function handshake(authority: CertificateAuthority, options: Handshake = {}): Promise<string[]> {
  const { ca = authority.pem, servername = "orders", serverLeaf = "server", clientLeaf = "client" } = options;
  const tls = { ca, minVersion: "TLSv1.3", rejectUnauthorized: false } as const;
  const listening = createServer({ ...tls, ...read(authority, serverLeaf), requestCert: true }).listen(
    0,
    HOST,
  );
  await once(listening, "listening");
  onTestFinished(() => void listening.close());
  const { port } = listening.address() as AddressInfo;
  const client = connect({ ...tls, ...read(authority, clientLeaf), port, host: HOST, servername });
  onTestFinished(() => void client.destroy());
  const [[accepted]] = (await Promise.all([
    once(listening, "secureConnection"),
    once(client, "secureConnect"),
  ])) as [[TLSSocket], unknown];
  return [peerOf(accepted), peerOf(client)];
}

function peerOf(socket: TLSSocket): string {
  // Node declares an Error here; it gives that error's code.
  return socket.authorized
    ? String(socket.getPeerCertificate().subject.CN)
    : String(socket.authorizationError);
}

describe("the platform's CA", () => {
  it("signs leaves with which both sides of a real handshake are content", async () => {
    const { authority } = await newAuthority();
    await authority.issue("server", server);
    await authority.issue("client", client);
    expect(await handshake(authority)).toEqual(["gateway", "orders"]);
    expect(await handshake(authority, { servername: "localhost" })).toEqual(["gateway", "orders"]);
    expect(await handshake(authority, { servername: "elsewhere" })).toEqual([
      "gateway",
      "ERR_TLS_CERT_ALTNAME_INVALID",
    ]);
  });

  it("gives leaves that are good for their own side of TLS alone", async () => {
    const { authority } = await newAuthority();
    await authority.issue("server", server);
    await authority.issue("client", client);
    const swapped = { clientLeaf: "server", serverLeaf: "client", servername: "gateway" };
    expect(await handshake(authority, swapped)).toEqual(["INVALID_PURPOSE", "INVALID_PURPOSE"]);
  });

  it("makes no two platforms trust each other", async () => {
    const [{ authority }, { authority: other }] = [await newAuthority(), await newAuthority()];
    await authority.issue("server", server);
    await authority.issue("client", client);
    expect(await handshake(authority, { ca: other.pem })).toEqual([UNTRUSTED, UNTRUSTED]);
  });

  it("gives leaves that can sign nothing themselves, for the hosts that were asked", async () => {
    const { authority } = await newAuthority();
    await authority.issue("server", server);
    const leaf = parsed(authority, "server");
    expect(leaf.ca).toBe(false);
    expect(leaf.subject).toBe("CN=orders");
    expect(leaf.subjectAltName).toBe(
      "DNS:orders, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
    );
    const root = new X509Certificate(authority.pem);
    expect([root.ca, root.checkIssued(root), leaf.checkIssued(root)]).toEqual([true, true, true]);
  });

  it("is the same in the next run, and keeps its keys to its owner", async () => {
    const { folder, authority } = await newAuthority();
    await authority.issue("server", server);
    const before = read(authority, "server");
    const again = await CertificateAuthority.open(folder);
    await again.issue("server", server);
    expect([again.pem, read(again, "server")]).toEqual([authority.pem, before]);
    await again.issue("client", client);
    expect(await handshake(again)).toEqual(["gateway", "orders"]);
    for (const file of [folder.file("certificates/ca-1.key"), again.files("server").keyFile])
      expect((statSync(file).mode & 0o777).toString(8)).toBe("600");
  });
});

describe("a leaf", () => {
  it("is good for 90 days and kept for as long as a third of them is left", async () => {
    const { authority } = await newAuthority();
    const now = Date.now();
    await authority.issue("server", server);
    const first = parsed(authority, "server");
    expect(Date.parse(first.validTo) - now).toBeGreaterThan(89 * DAY);
    expect(Date.parse(first.validTo) - now).toBeLessThan(91 * DAY);
    expect(Date.parse(first.validFrom)).toBeLessThanOrEqual(now);

    vi.useFakeTimers({ toFake: ["Date"], now: now + 59 * DAY });
    await authority.issue("server", server);
    expect(parsed(authority, "server").serialNumber).toBe(first.serialNumber);

    vi.setSystemTime(now + 61 * DAY);
    await authority.issue("server", server);
    const second = parsed(authority, "server");
    expect(second.serialNumber).not.toBe(first.serialNumber);
    expect(Date.parse(second.validTo) - Date.now()).toBeGreaterThan(89 * DAY);
  });

  it("is issued again where another CA signed it, or its key is lost", async () => {
    const { folder, authority } = await newAuthority();
    await authority.issue("server", server);
    const first = parsed(authority, "server");
    rmSync(folder.file("certificates/ca-1.key"));
    const renewed = await CertificateAuthority.open(folder);
    await renewed.issue("server", server);
    const second = parsed(renewed, "server");
    expect(second.serialNumber).not.toBe(first.serialNumber);
    expect(second.verify(new X509Certificate(renewed.pem).publicKey)).toBe(true);

    rmSync(renewed.files("server").keyFile);
    await renewed.issue("server", server);
    await renewed.issue("client", client);
    expect(parsed(renewed, "server").serialNumber).not.toBe(second.serialNumber);
    expect(await handshake(renewed)).toEqual(["gateway", "orders"]);
  });

  it.each<[string, Leaf]>([
    ["another host", { ...server, hosts: [...server.hosts, "orders.shop.svc"] }],
    ["another common name", { ...server, commonName: "edge" }],
    ["another usage", { ...server, usages: ["serverAuth", "clientAuth"] }],
  ])("is issued again where it is asked for with %s, and then kept", async (_what, asked) => {
    const { authority } = await newAuthority();
    await authority.issue("server", server);
    const first = parsed(authority, "server");
    await authority.issue("server", asked);
    const second = parsed(authority, "server");
    expect(second.serialNumber).not.toBe(first.serialNumber);
    await authority.issue("server", asked);
    expect(parsed(authority, "server").serialNumber).toBe(second.serialNumber);
  });
});

describe("a CA that is rotated", () => {
  it("is trusted before it signs, and the one before is trusted until it is retired", async () => {
    const { folder, authority } = await newAuthority();
    const issue = async () => {
      await authority.issue("server", server);
      await authority.issue("client", client);
    };
    await issue();
    const [first, firstLeaf] = [authority.pem, parsed(authority, "server")];

    await authority.trust([1, 2]);
    await issue();
    expect(parsed(authority, "server").serialNumber).toBe(firstLeaf.serialNumber);
    const both = authority.pem;

    await authority.trust([2, 1]);
    await issue();
    expect(parsed(authority, "server").issuer).toBe("CN=Gatehouse local CA 2");
    // Whoever read the CA's file while the second was introduced, or since, is content; who read it before is not.
    for (const ca of [both, authority.pem])
      expect(await handshake(authority, { ca })).toEqual(["gateway", "orders"]);
    expect(await handshake(authority, { ca: first })).toEqual([UNTRUSTED, UNTRUSTED]);

    await authority.trust([2]);
    authority.forget(1);
    expect(await handshake(authority)).toEqual(["gateway", "orders"]);
    expect(firstLeaf.verify(new X509Certificate(authority.pem).publicKey)).toBe(false);
    expect(existsSync(folder.file("certificates/ca-1.key"))).toBe(false);
  });

  it("goes back to the one before as long as that is not retired", async () => {
    const { authority } = await newAuthority();
    const first = authority.pem;
    for (const ring of [[1, 2], [2, 1], [1, 2], [1]] as const) await authority.trust(ring);
    await authority.issue("server", server);
    await authority.issue("client", client);
    expect(authority.pem).toBe(first);
    expect(await handshake(authority, { ca: first })).toEqual(["gateway", "orders"]);
  });
});

it("a leaf is issued again whatever it says where that is asked for", async () => {
  const { authority } = await newAuthority();
  await authority.issue("server", server);
  const before = read(authority, "server");
  await authority.issue("server", server, { renew: true });
  expect(read(authority, "server").key).not.toBe(before.key);
});
