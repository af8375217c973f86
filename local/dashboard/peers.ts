import { readFileSync } from "node:fs";
import { Agent, request } from "undici";
import type { CertificateAuthority } from "../certificates.ts";
import { HOST } from "../ports.ts";

/** Milliseconds that a process has to answer; a page waits for it. */
const TIMEOUT = 1_500;

/** Asks processes of the platform over mutual TLS, as one of its own parts. */
export class Peers {
  readonly #authority: CertificateAuthority;
  readonly #certificate: string;
  readonly #agents = new Map<string, { readonly identity: string; readonly agent: Agent }>();

  /** @param certificate name of the certificate to show */
  constructor(authority: CertificateAuthority, certificate: string) {
    this.#authority = authority;
    this.#certificate = certificate;
  }

  /** What a process of a service answers. @throws Error where it does not, or with another status than 200 */
  get(service: string, port: number, path: string): Promise<string> {
    return get(`https://${HOST}:${port}${path}`, this.#agent(service));
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#agents.values(), ({ agent }) => agent.destroy()));
  }

  /** Connections stay open as long as the certificates are the same. */
  #agent(service: string): Agent {
    const { certFile, keyFile } = this.#authority.files(this.#certificate);
    const [ca, cert, key] = [this.#authority.pem, readFileSync(certFile), readFileSync(keyFile)];
    const identity = `${ca}${cert.toString()}`;
    const known = this.#agents.get(service);
    if (known?.identity === identity) return known.agent;
    void known?.agent.destroy();
    const agent = new Agent({ allowH2: false, connect: { ca, cert, key, servername: service } });
    this.#agents.set(service, { identity, agent });
    return agent;
  }
}

/** The text at an address. @throws Error where there is none in time */
export async function get(url: string, dispatcher?: Agent): Promise<string> {
  const { statusCode, body } = await request(url, {
    ...(dispatcher === undefined ? {} : { dispatcher }),
    headersTimeout: TIMEOUT,
    bodyTimeout: TIMEOUT,
    signal: AbortSignal.timeout(2 * TIMEOUT),
  });
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}`);
  return text;
}
