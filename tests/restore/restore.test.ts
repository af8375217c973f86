import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withConnection } from "../../backup/connection.ts";
import { migrationEnvironment } from "../../services/shared/migrations.ts";
import type { SignedIn } from "../support/client.ts";
import { expectJson, signUp, TestClient } from "../support/client.ts";
import type { TestOutputs } from "../support/outputs.ts";
import type { Runner } from "../support/runner.ts";
import { startRunner } from "../support/runner.ts";
import { eventually } from "../support/wait.ts";
import type { Buyers } from "./buyers.ts";
import { startBuyers } from "./buyers.ts";

const run = promisify(execFile);
const BUYERS = 16;

let root: string;
let original: Runner;
let copy: Runner;
let outputs: TestOutputs;
let restored: TestOutputs;
let user: SignedIn;
let buyers: Buyers;
/** Orders that were confirmed before the backup began: the least that the copy must have. */
let before: readonly string[];

const file = () => join(root, "backup");
const command = async (name: "backup" | "restore", ...args: string[]) => {
  const start = performance.now();
  const { stdout } = await run(process.execPath, [`local/${name}.ts`, ...args]);
  return { stdout, seconds: (performance.now() - start) / 1000 };
};

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "gatehouse-restore-"));
  original = startRunner(join(root, "original"));
  outputs = await original.ready();
  user = await signUp(outputs);
  buyers = await startBuyers(outputs, BUYERS);
  await eventually("some orders", () => buyers.orders().length >= 100, 120_000);

  before = [...buyers.orders()];
  const usual = buyers.longest();
  const backup = await command("backup", "--state", join(root, "original"), file());
  const held = buyers.longest();
  await buyers.stop();
  console.log(`${backup.stdout.trim()}
the command took ${backup.seconds.toFixed(1)} s while ${BUYERS} buyers bought
the longest purchase took ${usual.toFixed(0)} ms before, ${held.toFixed(0)} ms meanwhile`);
  original.child.kill("SIGTERM");
  await original.ended();

  const { stdout, seconds } = await command("restore", "--state", join(root, "copy"), file());
  console.log(`${stdout.trim()}\nthe command took ${seconds.toFixed(1)} s`);
  copy = startRunner(join(root, "copy"));
  restored = await copy.ready();
}, 300_000);
afterAll(async () => {
  copy.child.kill("SIGTERM");
  await copy.ended();
  rmSync(root, { recursive: true, force: true });
});

const rowsOf = <Row extends object>(database: string, query: string) => {
  const access: unknown = JSON.parse(readFileSync(join(root, "copy/database.json"), "utf8"));
  return withConnection(migrationEnvironment.parse(access), database, async (client) => {
    const { rows } = await client.query<Row>(query);
    return rows;
  });
};

describe("a platform that was restored from a backup under load", () => {
  it("has an order for each purchase, none lost and none twice, and the stock less just those", async () => {
    await eventually("recovery", async () => {
      const open = await rowsOf("products", "select id from purchases where delivered_at is null");
      return open.length === 0;
    });
    const idsOf = async (database: string, table: string) =>
      (await rowsOf<{ id: string }>(database, `select id from ${table} order by id`)).map(({ id }) => id);
    const orders = await idsOf("orders", "orders");
    expect(orders).toEqual(await idsOf("products", "purchases"));
    expect(before.filter((id) => !orders.includes(id))).toEqual([]);
    expect(buyers.orders().length).toBeGreaterThan(orders.length);
    console.log(
      `${before.length} orders before the backup, ${orders.length} in the copy, ${buyers.orders().length} in the end`,
    );
    const sold = await rowsOf<{ stock: string; sold: string }>(
      "products",
      `select stock, (select coalesce(sum(quantity), 0) from purchases where product_id = products.id) as sold
       from products where id = '${buyers.product.id}'`,
    );
    expect(Number(sold[0]?.stock) + Number(sold[0]?.sold)).toBe(buyers.product.stock);
  });

  it("lets its users sign in with their passwords, and goes on with their sessions", async () => {
    const { username, password, client } = user;
    const elsewhere = new TestClient({ outputs: restored });
    expectJson(await elsewhere.post("/authentication/login", { username, password }), 200);

    const session = new TestClient({ outputs: restored });
    for (const [name, value] of client.cookies) session.cookies.set(name, value);
    // Access tokens are signed with keys that are not in the backup; the refresh token is all that a session needs.
    expect((await session.get("/authentication/whoami")).status).toBe(401);
    expectJson(await session.post("/authentication/refresh"), 200);
    expect(expectJson(await session.get("/authentication/whoami"), 200)).toMatchObject({ username });
  });

  it("has its own administrator's password, and no longer the original's", async () => {
    const signIn = async (password: string) => {
      const client = new TestClient({ outputs: restored });
      const credentials = { username: restored.adminUsername, password };
      return { client, answer: await client.post("/authentication/login", credentials) };
    };
    expect((await signIn(outputs.adminPassword)).answer.status).toBe(401);
    const { client, answer } = await signIn(restored.adminPassword);
    expect(answer.status).toBe(200);
    expect((await client.get("/products/admin")).status).toBe(200);
  });

  it("came from a file that its owner alone can read", () => {
    expect(statSync(file()).mode & 0o777).toBe(0o600);
  });

  it("passes the suite", { timeout: 400_000 }, async () => {
    const env = { ...process.env, GATEHOUSE_OUTPUTS: join(root, "copy/outputs.json") };
    const vitest = ["node_modules/vitest/vitest.mjs", "run", "--project", "gateway"];
    const { stdout } = await run(process.execPath, vitest, { env });
    console.log(stdout.trim().split("\n").slice(-5).join("\n"));
    expect(stdout).toMatch(/Tests .*passed/);
  });
});
