import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { beginAsOf } from "./instant.ts";
import type { Row, TableShape } from "./format.ts";
import { BATCH, insertRows, rowsOf, tablesOf } from "./tables.ts";
import { scratchDatabase } from "./testing.ts";

/** CockroachDB's own grammar, where a checkout of it is at hand. */
const CHECK = process.env["COCKROACH_SYNTAX_CHECK"] ?? "../shared/cockroach-syntax/check";

const columns = `
  id int8 primary key, words text, flag boolean, small int4, amount numeric, ratio float8, moment timestamptz,
  day date, span interval, raw bytea, document jsonb, key uuid, list text[], "Odd ""name""" text`;

let source: Awaited<ReturnType<typeof scratchDatabase>>;
let target: typeof source;
beforeAll(async () => {
  source = await scratchDatabase(`create table every_type (${columns})`, `create table "Many" (n int4)`);
  target = await scratchDatabase(`create table every_type (${columns})`);
});
afterAll(async () => {
  await source.drop();
  await target.drop();
});

async function readAll(database: typeof source, table: TableShape): Promise<Row[]> {
  const rows: Row[] = [];
  await database.client.query("begin");
  for await (const batch of rowsOf(database.client, table)) rows.push(...batch);
  await database.client.query("commit");
  return rows.toSorted();
}

const tableOf = async (database: typeof source, name: string) => {
  const found = (await tablesOf(database.client)).find((table) => table.name === name);
  if (found === undefined) throw new Error(`no table ${name}`);
  return found;
};

const text = fc.string({ unit: "grapheme" }).filter((value) => !value.includes("\0"));
const iso = fc
  .date({ min: new Date("0001-01-02"), max: new Date("9999-12-30"), noInvalidDate: true })
  .map((date) => date.toISOString());
const micros = fc
  .tuple(iso, fc.nat(999))
  .map(([at, more]) => at.replace("Z", `${String(more).padStart(3, "0")}Z`));
const anyRow = fc
  .record({
    words: text,
    flag: fc.boolean().map(String),
    small: fc.integer().map(String),
    amount: fc.oneof(
      fc.bigInt().map(String),
      fc.constantFrom("NaN", "0.10", "-1e-30", "12345678901234567890.10"),
    ),
    ratio: fc.double().map((value) => (Object.is(value, -0) ? "-0" : String(value))),
    moment: fc.oneof(micros, fc.constantFrom("infinity", "-infinity")),
    day: iso.map((at) => at.slice(0, 10)),
    span: fc
      .tuple(fc.nat(99), fc.nat(99), fc.nat(99))
      .map(([m, d, s]) => `${m} months ${d} days ${s}.000001 seconds`),
    raw: fc.uint8Array().map((bytes) => `\\x${Buffer.from(bytes).toString("hex")}`),
    document: fc.jsonValue().map((value) => JSON.stringify(value).replaceAll("\\u0000", "")),
    key: fc.uuid(),
    list: fc
      .array(text, { minLength: 1 })
      .map((items) => `{${items.map((item) => JSON.stringify(item)).join(",")}}`),
    odd: text,
  })
  .chain((row) =>
    fc
      .array(fc.boolean(), { minLength: 13, maxLength: 13 })
      .map((nulls): (string | null)[] =>
        Object.values(row).map((value, index) => (nulls[index] === true ? null : value)),
      ),
  );

describe("the rows of a table", () => {
  it("are read and written as what they were, of whatever type", async () => {
    const table = await tableOf(source, "every_type");
    const rows = fc.sample(anyRow, 300).map((row, id) => [String(id), ...row]);
    await insertRows(source.client, table, rows);
    const read = await readAll(source, table);
    expect(read).toHaveLength(rows.length);
    await insertRows(target.client, await tableOf(target, "every_type"), read);
    expect(await readAll(target, table)).toEqual(read);
  });

  it("are all read, however many batches they are", async () => {
    const table = await tableOf(source, "Many");
    for (const count of [0, BATCH, 2 * BATCH + 1]) {
      await source.client.query('delete from "Many"');
      await source.client.query('insert into "Many" select * from generate_series(1, $1::int4)', [count]);
      expect(new Set((await readAll(source, table)).flat()).size).toBe(count);
    }
  });
});

describe("the tables of a database", () => {
  it("come after those that they refer to, without what is computed or is the migrations' own", async () => {
    const shop = await scratchDatabase(
      "create table z_users (id int primary key)",
      "create table m_sessions (id int primary key, user_id int references z_users, twice int generated always as (id * 2) stored)",
      "create table a_tokens (id int references m_sessions, owner int references z_users)",
      "create table kysely_migration (name text)",
      "create view everything as select id from z_users",
    );
    expect(await tablesOf(shop.client)).toEqual([
      { name: "z_users", columns: ["id"] },
      { name: "m_sessions", columns: ["id", "user_id"] },
      { name: "a_tokens", columns: ["id", "owner"] },
    ]);
    await shop.drop();
  });

  it("must not refer to each other in a circle", async () => {
    const shop = await scratchDatabase(
      "create table a (id int primary key)",
      "create table b (id int primary key references a)",
      "alter table a add foreign key (id) references b",
    );
    await expect(tablesOf(shop.client)).rejects.toThrow(/a, b refer to themselves or each other/);
    await shop.drop();
  });
});

describe.runIf(existsSync(CHECK))("CockroachDB's grammar", () => {
  it("has every statement that is run there", async () => {
    const statements = [beginAsOf("1700000000000000000.0000000001")];
    const { client } = source;
    const recording = Object.create(client, {
      query: {
        value: (statement: string | { text: string }, values?: unknown[]) => {
          statements.push(typeof statement === "string" ? statement : statement.text);
          return client.query(statement as string, values);
        },
      },
    }) as typeof client;
    const table = await tableOf({ ...source, client: recording }, "Many");
    await insertRows(recording, table, [["1"], ["2"]]);
    await readAll({ ...source, client: recording }, table);
    expect(statements.length).toBeGreaterThan(7);
    const input = statements.map((statement) => JSON.stringify(statement)).join("\n");
    expect(() => execFileSync(CHECK, { input, stdio: ["pipe", "pipe", "pipe"] })).not.toThrow();
  });
});
