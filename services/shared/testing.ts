import { randomBytes } from "node:crypto";
import { Kysely, PostgresDialect, sql } from "kysely";
import { Migrator } from "kysely/migration";
import type { Migration } from "kysely/migration";
import pg from "pg";
import { inject } from "vitest";
import { connectionTls } from "./database.ts";
import type { Metrics } from "./metrics.ts";
import type { MigrationEnvironment } from "./migrations.ts";

/** A migrated database of its own for one test file, on the real server of the unit tests. */
export async function testDatabase<DB>(
  migrations: Readonly<Record<string, Migration>>,
  isolation?: "serializable" | "read committed",
): Promise<{ db: Kysely<DB>; drop: () => Promise<void> }> {
  const administrator = inject("administrator") as unknown as MigrationEnvironment;
  const name = `test_${randomBytes(6).toString("hex")}`;
  const server = connect(administrator, undefined);
  await sql`create database ${sql.id(name)}`.execute(server);
  const db = connect<DB>(administrator, name, isolation);
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve({ ...migrations }) },
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw new Error("the test database cannot be migrated", { cause: error });
  return {
    db,
    async drop() {
      await db.destroy();
      await sql`drop database ${sql.id(name)}`.execute(server);
      await server.destroy();
    },
  };
}

/**
 * The value of one series now; undefined where there is none.
 * @param series name and labels but that of the service: `gatehouse_logins_total{outcome="invalid"}`
 */
export async function sample(metrics: Metrics, series: string): Promise<number | undefined> {
  for (const line of (await metrics.text()).split("\n")) {
    const [, name = "", labels = "", value] = /^(\w+)\{(.*)\} (\S+)$/.exec(line) ?? [];
    const others = labels.replace(/,?service="[^"]*"/, "");
    if (series === (others === "" ? name : `${name}{${others}}`)) return Number(value);
  }
  return undefined;
}

function connect<DB>(
  administrator: MigrationEnvironment,
  database: string | undefined,
  isolation = "serializable",
): Kysely<DB> {
  const url = new URL(administrator.DATABASE_URL);
  if (database !== undefined) url.pathname = `/${database}`;
  const pool = new pg.Pool({
    connectionString: url.href,
    ...connectionTls(administrator),
    max: 10,
    options: `-c default_transaction_isolation=${isolation.replace(" ", "\\ ")}`,
  });
  return new Kysely<DB>({ dialect: new PostgresDialect({ pool }) });
}
