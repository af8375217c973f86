import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { expect, it } from "vitest";
import { issueCertificates } from "../../local/certificate-list.ts";
import { embeddedDatabase } from "../../local/database.ts";
import { StateFolder } from "../../local/state.ts";
import { expectJson, signUp } from "../support/client.ts";
import { startRunner } from "../support/runner.ts";

const PASSWORD = "administrators-own-password";

it(
  "runs on a server of the user's own, with a password for every service",
  { timeout: 120_000 },
  async () => {
    const root = mkdtempSync(join(tmpdir(), "gatehouse-external-"));
    const folder = await StateFolder.open(join(root, "server"));
    const authority = await issueCertificates(folder);
    const server = await embeddedDatabase(folder, authority, { settings: { fsync: "off" } });
    const url = await takePasswords(server.forMigration(""), folder);

    const runner = startRunner(join(root, "platform"), ["--replicas", "1"], { DATABASE_URL: url });
    const outputs = await runner.ready();
    const { client } = await signUp(outputs);
    const order = expectJson(await client.post("/products/tamper/buy"), 201);
    expect(expectJson(await client.get("/orders"), 200)).toMatchObject({ items: [order] });
    runner.child.kill("SIGTERM");
    expect(await runner.ended()).toBe(0);
    expect(runner.text()).not.toContain(PASSWORD);

    await server.stop();
    rmSync(root, { recursive: true, force: true });
  },
);

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
  await client.query(`alter user root with password '${PASSWORD}'`);
  writeFileSync(folder.file("postgres/pg_hba.conf"), "hostssl all all 127.0.0.1/32 scram-sha-256\n");
  await client.query("select pg_reload_conf()");
  await client.end();
  const url = new URL(variables["DATABASE_URL"] ?? "");
  url.password = PASSWORD;
  url.search = new URLSearchParams({
    sslmode: "verify-full",
    sslrootcert: variables["DATABASE_CA_FILE"] ?? "",
  }).toString();
  return url.href;
}
