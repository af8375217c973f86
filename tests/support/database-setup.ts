import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { CertificateAuthority } from "../../local/certificates.ts";
import { databaseCertificate, embeddedDatabase } from "../../local/database.ts";
import { StateFolder } from "../../local/state.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Variables by which a migration reaches the database server of the unit tests, as its administrator. */
    administrator: Record<string, string>;
  }
}

/** Starts one real PostgreSQL for all unit tests. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const path = await mkdtemp(join(tmpdir(), "gatehouse-unit-"));
  const folder = await StateFolder.open(path);
  const authority = await CertificateAuthority.open(folder);
  await authority.issue("node", {
    commonName: "node",
    hosts: ["localhost", "127.0.0.1"],
    usages: ["serverAuth"],
  });
  await authority.issue(databaseCertificate("root"), {
    commonName: "root",
    hosts: ["root"],
    usages: ["clientAuth"],
  });
  const database = await embeddedDatabase(folder, authority, { settings: { fsync: "off" } });
  project.provide("administrator", database.forMigration(""));
  return async () => {
    await database.stop();
    folder.close();
    await rm(path, { recursive: true, force: true });
  };
}
