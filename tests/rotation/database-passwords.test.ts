import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startLoad } from "../support/load.ts";
import type { TestOutputs } from "../support/outputs.ts";
import type { PasswordDatabase } from "../support/password-database.ts";
import { startPasswordDatabase } from "../support/password-database.ts";
import { expectNoFailure, runRotate } from "../support/rotation.ts";
import type { Runner } from "../support/runner.ts";
import { startRunner } from "../support/runner.ts";

let root: string;
let state: string;
let server: PasswordDatabase;
let runner: Runner;
let outputs: TestOutputs;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "gatehouse-passwords-"));
  state = join(root, "platform");
  server = await startPasswordDatabase(join(root, "server"));
  runner = startRunner(state, [], { DATABASE_URL: server.url });
  outputs = await runner.ready();
});
afterAll(async () => {
  runner.child.kill("SIGTERM");
  await runner.ended();
  await server.stop();
  rmSync(root, { recursive: true, force: true });
});

it("changes the databases' passwords under load without a failed request, and the old ones are refused", async () => {
  const passwords = () => readdirSync(join(state, "secrets")).filter((name) => name.startsWith("database-"));
  const old = readFileSync(join(state, "secrets/database-orders_1"), "utf8");
  const thief = await signIn("orders_1", old);

  const load = await startLoad({ outputs });
  const { code, text } = await runRotate(["database-passwords", "--state", state]);
  expectNoFailure("the databases' passwords", await load.stop());
  expect([code, text]).toEqual([0, expect.stringContaining("generation 2 is in use and accepted alone")]);

  await expect(signIn("orders_1", old)).rejects.toThrow(/authentication failed/);
  // Who signed in before and is still there may do nothing more.
  await expect(thief.query("select * from orders")).rejects.toThrow(/permission denied/);
  await thief.end();
  const current = await signIn("orders_2", readFileSync(join(state, "secrets/database-orders_2"), "utf8"));
  await current.query("select * from orders");
  await current.end();
  expect(passwords().filter((name) => !name.endsWith("_2"))).toEqual([]);
  for (const name of passwords())
    expect(text + runner.text()).not.toContain(readFileSync(join(state, "secrets", name), "utf8"));
});

async function signIn(login: string, password: string): Promise<pg.Client> {
  const url = new URL(server.url);
  [url.username, url.password, url.pathname] = [login, password, "/orders"];
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  return client;
}
