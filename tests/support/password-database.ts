import { readFileSync, writeFileSync } from "node:fs";
import pg from "pg";
import { issueCertificates } from "../../local/certificate-list.ts";
import { embeddedDatabase } from "../../local/database.ts";
import { StateFolder } from "../../local/state.ts";

export const ADMINISTRATOR_PASSWORD = "administrators-own-password";

/** A PostgreSQL as somebody else would run it: whoever signs in has a password. */
export interface PasswordDatabase {
  /** Its administrator's. */
  readonly url: string;
  stop(): Promise<void>;
}

export async function startPasswordDatabase(path: string): Promise<PasswordDatabase> {
  const folder = await StateFolder.open(path);
  const authority = await issueCertificates(folder);
  const server = await embeddedDatabase(folder, authority, { settings: { fsync: "off" } });
  const url = await takePasswords(server.forMigration(""), folder);
  return { url, stop: () => server.stop() };
}

/** Makes a server ask for passwords in place of certificates. @returns its administrator's URL */
async function takePasswords(
  variables: Record<string, string | undefined>,
  folder: StateFolder,
): Promise<string> {
  const read = (name: string) => readFileSync(variables[name] ?? "");
  const ssl = {
    ca: read("DATABASE_CA_FILE"),
    cert: read("DATABASE_CERT_FILE"),
    key: read("DATABASE_KEY_FILE"),
  };
  const client = new pg.Client({ connectionString: variables["DATABASE_URL"] ?? "", ssl });
  await client.connect();
  await client.query(`alter user root with password '${ADMINISTRATOR_PASSWORD}'`);
  writeFileSync(folder.file("postgres/pg_hba.conf"), "hostssl all all 127.0.0.1/32 scram-sha-256\n");
  await client.query("select pg_reload_conf()");
  await client.end();
  const url = new URL(variables["DATABASE_URL"] ?? "");
  url.password = ADMINISTRATOR_PASSWORD;
  url.search = new URLSearchParams({
    sslmode: "verify-full",
    sslrootcert: variables["DATABASE_CA_FILE"] ?? "",
  }).toString();
  return url.href;
}
