import { sql } from "kysely";
import type { Kysely } from "kysely";
import pg from "pg";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { openDoor } from "../../tests/support/door.ts";
import { isUnavailable } from "./database-errors.ts";
import { connectionTls, openDatabase } from "./database.ts";
import { Metrics } from "./metrics.ts";
import type { MigrationEnvironment } from "./migrations.ts";

const administrator = inject("administrator") as unknown as MigrationEnvironment;

/** A service's database with a pool of a size, through a door that can be shut. */
async function openThroughDoor(size: number) {
  const url = new URL(administrator.DATABASE_URL);
  const door = await openDoor(Number(url.port));
  url.port = String(door.port);
  const environment = { ...administrator, DATABASE_URL: url.href, DATABASE_POOL_SIZE: size };
  const db = openDatabase<Record<string, never>>("pool-test", environment, {
    logger: { warn: () => undefined },
    metrics: new Metrics("pool-test"),
  });
  onTestFinished(async () => {
    await door.close();
    await db.destroy();
  });
  return { db, door };
}

/** The server's process behind the pool's one connection. */
async function backendOf(db: Kysely<Record<string, never>>): Promise<number> {
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db);
  return rows[0]?.pid ?? 0;
}

async function terminate(pid: number): Promise<void> {
  const client = new pg.Client({
    connectionString: administrator.DATABASE_URL,
    ...connectionTls(administrator),
  });
  await client.connect();
  await client.query("select pg_terminate_backend($1)", [pid]);
  await client.end();
}

const failureOf = (query: Promise<unknown>) =>
  query.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("a connection that breaks", () => {
  it("under a query fails that query as unavailable, and the next one has another", async () => {
    const { db } = await openThroughDoor(1);
    const pid = await backendOf(db);
    const failure = failureOf(sql`select pg_sleep(20)`.execute(db));
    await terminate(pid);
    expect(isUnavailable(await failure)).toBe(true);
    expect(await backendOf(db)).not.toBe(pid);
  });

  it("inside a transaction, between its queries, fails the transaction and not the process", async () => {
    const { db, door } = await openThroughDoor(1);
    const failure = failureOf(
      db.transaction().execute(async (trx) => {
        await sql`select 1`.execute(trx);
        await door.cut();
        await sql`select 1`.execute(trx);
      }),
    );
    expect(isUnavailable(await failure)).toBe(true);
    await sql`select 1`.execute(db);
  });
});

describe("a connection that falls silent", () => {
  it(
    "fails its query in time as unavailable, and no later query waits on it",
    { timeout: 60_000 },
    async () => {
      const { db, door } = await openThroughDoor(1);
      const pid = await backendOf(db);
      door.silence();
      const failures = [
        failureOf(sql`select 1`.execute(db)),
        failureOf(db.transaction().execute((trx) => sql`select 1`.execute(trx))),
      ];
      for (const failure of failures) expect(isUnavailable(await failure)).toBe(true);
      door.speak();
      expect(await backendOf(db)).not.toBe(pid);
    },
  );
});

describe("queries that wait for a connection", () => {
  it("are bounded: what comes beyond eight for each connection is turned away at once", async () => {
    const { db } = await openThroughDoor(2);
    const pids = await Promise.all([backendOf(db), backendOf(db)]);
    expect(new Set(pids).size).toBe(2);
    const held = [0, 1].map(() => failureOf(sql`select pg_sleep(20)`.execute(db)));
    const waiting = Array.from({ length: 16 }, () => failureOf(sql`select 1`.execute(db)));
    const refused = await failureOf(sql`select 1`.execute(db));
    expect(refused).toMatchObject({ name: "PoolExhausted" });
    expect(isUnavailable(refused)).toBe(true);
    for (const pid of pids) await terminate(pid);
    expect((await Promise.all(held)).every(isUnavailable)).toBe(true);
    expect(await Promise.all(waiting)).toEqual(Array.from({ length: 16 }, () => undefined));
  });
});
