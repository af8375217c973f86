import "reflect-metadata"; // which @peculiar/x509 expects its user to load
import { webcrypto } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import * as x509 from "@peculiar/x509";
import { AUTHORITY_DAYS, LEAF_DAYS, RENEW_BELOW } from "../rotation/lifetimes.ts";
import type { Ring } from "../rotation/ring.ts";
import type { StateFolder } from "./state.ts";

const DAY = 24 * 60 * 60 * 1000;

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** What a leaf is for: its common name, the hosts it answers as, and which side of TLS it may take. */
export interface Leaf {
  readonly commonName: string;
  readonly hosts: readonly string[];
  readonly usages: readonly ("serverAuth" | "clientAuth")[];
}

export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** One generation of the CA, able to sign. */
interface Issuer {
  readonly certificate: x509.X509Certificate;
  readonly key: webcrypto.CryptoKey;
}

/** The platform's CA and the leaves that it signed, as files of the state folder. */
export class CertificateAuthority {
  /** The certificates of all generations that are trusted, the one that signs first. */
  readonly caFile: string;
  readonly #folder: StateFolder;
  #issuer: Issuer;

  private constructor(folder: StateFolder, issuer: Issuer) {
    this.#folder = folder;
    this.#issuer = issuer;
    this.caFile = folder.file("certificates/ca.crt");
  }

  /** Opens the CA of a state folder, and makes it on first use. */
  static async open(folder: StateFolder, ring: Ring = [1]): Promise<CertificateAuthority> {
    mkdirSync(folder.file("certificates"), { recursive: true, mode: 0o700 });
    return new CertificateAuthority(folder, await openIssuers(folder, ring));
  }

  /** From now on these generations are trusted and the first of them signs; one that is missing is made. */
  async trust(ring: Ring): Promise<void> {
    this.#issuer = await openIssuers(this.#folder, ring);
  }

  /** Removes a generation with its key. */
  forget(generation: number): void {
    for (const end of ["crt", "key"])
      rmSync(this.#folder.file(`certificates/${caName(generation)}.${end}`), { force: true });
  }

  /** The same certificates in PEM, for clients. */
  get pem(): string {
    return readFileSync(this.caFile, "utf8");
  }

  /** Paths of a leaf's certificate and key. */
  files(name: string): CertificateFiles {
    return {
      certFile: this.#folder.file(`certificates/${name}.crt`),
      keyFile: this.#folder.file(`certificates/${name}.key`),
    };
  }

  /**
   * Issues a leaf, where there is none of that name, it says something else, another CA signed it or its end is near.
   * @param renew whether it is issued in any case
   */
  async issue(name: string, leaf: Leaf, { renew = false } = {}): Promise<void> {
    const { certificate: issuer, key: signingKey } = this.#issuer;
    const stored = renew ? undefined : readStored(this.#folder, name);
    if (stored !== undefined && says(stored, leaf)) {
      if (await stored.verify({ publicKey: issuer, signatureOnly: true })) return;
    }

    const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const certificate = await x509.X509CertificateGenerator.create({
      subject: `CN=${leaf.commonName}`,
      issuer: issuer.subject,
      publicKey: keys.publicKey,
      signingKey,
      ...validity(LEAF_DAYS),
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension(leaf.usages.map((usage) => x509.ExtendedKeyUsage[usage])),
        new x509.SubjectAlternativeNameExtension(
          leaf.hosts.map((value) => ({ type: /^[\d.]+$|:/.test(value) ? "ip" : "dns", value })),
        ),
        await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ],
    });
    await writePair(this.#folder, name, certificate, keys.privateKey);
  }
}

function caName(generation: number): string {
  return `ca-${generation}`;
}

/** Opens these generations, writes down whom to trust, and gives the one that signs. */
async function openIssuers(folder: StateFolder, [inUse, ...others]: Ring): Promise<Issuer> {
  const issuer = await openIssuer(folder, inUse);
  const trusted = [issuer];
  for (const generation of others) trusted.push(await openIssuer(folder, generation));
  const pems = trusted.map(({ certificate }) => `${certificate.toString("pem")}\n`);
  folder.write("certificates/ca.crt", pems.join(""));
  return issuer;
}

async function openIssuer(folder: StateFolder, generation: number): Promise<Issuer> {
  const name = caName(generation);
  const stored = readStored(folder, name);
  if (stored !== undefined) return { certificate: stored, key: await readKey(folder, name) };

  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    // Every generation has a name of its own, so that nobody has to try which of them signed a leaf.
    name: `CN=Gatehouse local CA ${generation}`,
    keys,
    ...validity(AUTHORITY_DAYS),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  await writePair(folder, name, certificate, keys.privateKey);
  return { certificate, key: keys.privateKey };
}

function validity(days: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  // A minute back, for clocks that differ.
  return { notBefore: new Date(now - 60_000), notAfter: new Date(now + days * DAY) };
}

/** A stored certificate that is good for a while yet. */
function readStored(folder: StateFolder, name: string): x509.X509Certificate | undefined {
  const path = folder.file(`certificates/${name}.crt`);
  if (!existsSync(path) || !existsSync(folder.file(`certificates/${name}.key`))) return undefined;
  const certificate = new x509.X509Certificate(readFileSync(path, "utf8"));
  const life = certificate.notAfter.getTime() - certificate.notBefore.getTime();
  const left = certificate.notAfter.getTime() - Date.now();
  return left > life * RENEW_BELOW ? certificate : undefined;
}

/** Whether a certificate is what the leaf asks for. */
function says(certificate: x509.X509Certificate, leaf: Leaf): boolean {
  const hosts = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [];
  const usages = certificate.getExtension(x509.ExtendedKeyUsageExtension)?.usages ?? [];
  const stored = [certificate.subject, ...hosts.map(({ value }) => value), ...usages.map(String)];
  const asked = [
    `CN=${leaf.commonName}`,
    ...leaf.hosts,
    ...leaf.usages.map((usage) => x509.ExtendedKeyUsage[usage]),
  ];
  return stored.join() === asked.join();
}

function readKey(folder: StateFolder, name: string): Promise<webcrypto.CryptoKey> {
  const der = x509.PemConverter.decodeFirst(readFileSync(folder.file(`certificates/${name}.key`), "utf8"));
  return webcrypto.subtle.importKey("pkcs8", der, algorithm, true, ["sign"]);
}

async function writePair(
  folder: StateFolder,
  name: string,
  certificate: x509.X509Certificate,
  key: webcrypto.CryptoKey,
): Promise<void> {
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", key);
  folder.write(`certificates/${name}.key`, `${x509.PemConverter.encode(pkcs8, "PRIVATE KEY")}\n`);
  folder.write(`certificates/${name}.crt`, `${certificate.toString("pem")}\n`);
}
