import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { CertificateFiles } from "../../local/certificates.ts";
import { CertificateAuthority } from "../../local/certificates.ts";
import { StateFolder } from "../../local/state.ts";

/** A client's or server's side of TLS, as Node's clients and servers take it. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** A CA in a folder of its own, which gives any certificate. */
export class TestCertificates {
  readonly folder: string;
  readonly #authority: CertificateAuthority;

  private constructor(folder: string, authority: CertificateAuthority) {
    this.folder = folder;
    this.#authority = authority;
  }

  /** @param caFile the certificate of a CA to use, whose key stands beside it; without it a new one is made */
  static async open(caFile?: string): Promise<TestCertificates> {
    const path = mkdtempSync(join(tmpdir(), "gatehouse-ca-"));
    const folder = await StateFolder.open(path);
    if (caFile !== undefined) {
      mkdirSync(join(path, "certificates"));
      for (const name of ["ca-1.crt", "ca-1.key"])
        copyFileSync(join(dirname(caFile), name), join(path, "certificates", name));
    }
    return new TestCertificates(path, await CertificateAuthority.open(folder));
  }

  get ca(): string {
    return this.#authority.pem;
  }

  get caFile(): string {
    return this.#authority.caFile;
  }

  /** The files of a certificate of that name, good for both sides of TLS, made on first use. */
  async files(name: string): Promise<CertificateFiles> {
    await this.#authority.issue(name, {
      commonName: name,
      hosts: [name, "localhost", "127.0.0.1"],
      usages: ["serverAuth", "clientAuth"],
    });
    return this.#authority.files(name);
  }

  async identity(name: string): Promise<Identity> {
    const { certFile, keyFile } = await this.files(name);
    return { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
