import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:net";
import type { Generated, Kysely } from "kysely";
import { sql } from "kysely";
import type { Migration } from "kysely/migration";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from "vitest";
import { awaitDatabase, openDatabase, retrying, transaction } from "./database.ts";
import { Metrics } from "./metrics.ts";
import type { MigrationEnvironment } from "./migrations.ts";
import { sample, testDatabase } from "./testing.ts";

interface Counters {
  counters: { id: Generated<number>; name: string; value: number };
}
const counters: Migration = {
  up: (db: Kysely<unknown>) =>
    db.schema
      .createTable("counters")
      .addColumn("id", "serial", (column) => column.primaryKey())
      .addColumn("name", "text", (column) => column.notNull().unique())
      .addColumn("value", "integer", (column) => column.notNull())
      .execute(),
};

let db: Kysely<Counters>;
let drop: () => Promise<void>;
beforeAll(async () => {
  ({ db, drop } = await testDatabase<Counters>({ "001": counters }));
});
afterAll(() => drop());
beforeEach(() => db.deleteFrom("counters").execute());

const failing = (code: string) => Object.assign(new Error(`SQLSTATE ${code}`), { code });
const valueOf = async (name: string, from = db) =>
  (await from.selectFrom("counters").select("value").where("name", "=", name).executeTakeFirstOrThrow())
    .value;

describe("a transaction", () => {
  it("loses no update where many read and then write the same row", async () => {
    await db.insertInto("counters").values({ name: "a", value: 0 }).execute();
    await Promise.all(
      Array.from({ length: 20 }, () =>
        transaction(db, async (trx) => {
          const value = await valueOf("a", trx);
          await trx
            .updateTable("counters")
            .set({ value: value + 1 })
            .where("name", "=", "a")
            .execute();
        }),
      ),
    );
    expect(await valueOf("a")).toBe(20);
  });

  it("is serializable: of two that each rely on what the other changes, one runs again", async () => {
    await db
      .insertInto("counters")
      .values([
        { name: "a", value: 1 },
        { name: "b", value: 1 },
      ])
      .execute();
    // Each empties one counter if the sum allows it: 1 must be left.
    let runs = 0;
    const empty = (name: string) =>
      transaction(db, async (trx) => {
        runs += 1;
        const sum = (await valueOf("a", trx)) + (await valueOf("b", trx));
        if (runs <= 2) await bothHaveRead();
        if (sum < 2) return;
        await trx.updateTable("counters").set({ value: 0 }).where("name", "=", name).execute();
      });
    const { promise: read, resolve } = Promise.withResolvers<undefined>();
    let readers = 0;
    const bothHaveRead = () => {
      if (++readers === 2) resolve(undefined);
      return read;
    };
    await Promise.all([empty("a"), empty("b")]);
    expect((await valueOf("a")) + (await valueOf("b"))).toBe(1);
    expect(runs).toBe(3);
  });

  it("leaves nothing behind where it throws, and is not run again for an error of its own", async () => {
    let runs = 0;
    const run = transaction(db, async (trx) => {
      runs += 1;
      await trx.insertInto("counters").values({ name: "a", value: 1 }).execute();
      throw new Error("changed my mind");
    });
    await expect(run).rejects.toThrow("changed my mind");
    expect(runs).toBe(1);
    expect(await db.selectFrom("counters").selectAll().execute()).toEqual([]);
  });

  it("that met another whose key it also took runs again and finds it", async () => {
    const findOrAdd = () =>
      transaction(db, async (trx) => {
        const found = await trx
          .selectFrom("counters")
          .select("id")
          .where("name", "=", "a")
          .executeTakeFirst();
        return (
          found ??
          (await trx
            .insertInto("counters")
            .values({ name: "a", value: 1 })
            .returning("id")
            .executeTakeFirstOrThrow())
        );
      });
    const found = await Promise.all(Array.from({ length: 8 }, findOrAdd));
    expect(new Set(found.map(({ id }) => id)).size).toBe(1);
  });
});

describe("a single query", () => {
  it.each(["40001", "40P01"])("runs again on SQLSTATE %s until it succeeds", async (code) => {
    let runs = 0;
    const result = await retrying(db, () =>
      ++runs < 4 ? Promise.reject(failing(code)) : Promise.resolve("done"),
    );
    expect([result, runs]).toEqual(["done", 4]);
  });

  it("does not run again on another error", async () => {
    let runs = 0;
    const run = () => {
      runs += 1;
      return Promise.reject(failing("57014"));
    };
    await expect(retrying(db, run)).rejects.toThrow("57014");
    expect(runs).toBe(1);
  });

  it("runs once inside a transaction, of which only the whole can run again", async () => {
    let runs = 0;
    const inside = db.transaction().execute((trx) =>
      retrying<Counters, never>(trx, () => {
        runs += 1;
        return Promise.reject(failing("40001"));
      }),
    );
    await expect(inside).rejects.toThrow("40001");
    expect(runs).toBe(1);
  });
});

describe("a service's connection", () => {
  it("is serializable, bounds each statement, and says whose it is", async () => {
    const administrator = inject("administrator") as unknown as MigrationEnvironment;
    const environment = { ...administrator, DATABASE_POOL_SIZE: 1 };
    const metrics = new Metrics("orders");
    const own = openDatabase("orders", environment, { logger: { warn: () => undefined }, metrics });
    const connections = (state: string) =>
      sample(metrics, `gatehouse_database_pool_connections{pool="service",state="${state}"}`);
    const setting = (name: string) => sql<string>`current_setting(${name})`;
    try {
      const { rows } = await sql`select
        ${setting("transaction_isolation")} as isolation,
        ${setting("statement_timeout")} as statement,
        ${setting("idle_in_transaction_session_timeout")} as idle,
        ${setting("application_name")} as name`.execute(own);
      expect(rows).toEqual([{ isolation: "serializable", statement: "5s", idle: "10s", name: "orders" }]);
      const [one, other] = [sql`select pg_sleep(0.3)`.execute(own), sql`select 1`.execute(own)];
      await vi.waitFor(async () => {
        expect([await connections("busy"), await connections("waiting")]).toEqual([1, 1]);
      });
      await Promise.all([one, other]);
      expect([await connections("busy"), await connections("waiting")]).toEqual([0, 0]);
      expect(await connections("idle")).toBe(1);
    } finally {
      await own.destroy();
    }
  });

  it("is awaited until the database answers", async () => {
    const administrator = inject("administrator") as unknown as MigrationEnvironment;
    const url = new URL(administrator.DATABASE_URL);
    const databasePort = Number(url.port);
    const door = createServer((client) => {
      const upstream = connect({ port: databasePort, host: url.hostname });
      client.pipe(upstream).pipe(client);
      upstream.on("error", () => client.destroy());
      client.on("error", () => upstream.destroy());
    });
    const listen = async (port: number) => {
      door.listen(port, "127.0.0.1");
      await once(door, "listening");
      return (door.address() as AddressInfo).port;
    };
    url.port = String(await listen(0));
    await new Promise((resolve) => door.close(resolve));

    const environment = { ...administrator, DATABASE_URL: url.href, DATABASE_POOL_SIZE: 1 };
    const own = openDatabase("orders", environment, {
      logger: { warn: () => undefined },
      metrics: new Metrics("orders"),
    });
    const { promise: failedOnce, resolve: warn } = Promise.withResolvers<unknown>();
    const answers = awaitDatabase(own, { warn });
    await failedOnce;
    await listen(Number(url.port));
    await answers;
    await own.destroy();
    door.close();
  });
});
