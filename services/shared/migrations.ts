import { ExponentialBackoff, handleWhen, retry } from "cockatiel";
import type { Migration } from "kysely/migration";
import { Kysely, PostgresAdapter, PostgresDialect, sql } from "kysely";
import { Migrator } from "kysely/migration";
import type { Client } from "pg";
import pg from "pg";
import { z } from "zod";
import { BACKUP } from "./catalog.ts";
import type { EnvironmentFor } from "./config.ts";
import { databaseEnvironment, readEnvironment } from "./config.ts";
import { connectionTls } from "./database.ts";
import { isSerializationFailure } from "./database-errors.ts";
import { isLoginOf } from "./logins.ts";

/** What the migration of a service reads: how to reach the server as its administrator. */
export const migrationEnvironment = databaseEnvironment.omit({ DATABASE_POOL_SIZE: true }).extend({
  /**
   * Where passwords are used to sign in: the logins of the service, and of what backs it up, with their passwords, as a JSON
   * object. Those of other generations are dropped.
   */
  DATABASE_LOGINS: z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue({ code: "custom", message: "expected JSON" });
        return z.NEVER;
      }
    })
    .pipe(z.record(z.string(), z.string().min(16)))
    .optional(),
});
export type MigrationEnvironment = z.infer<typeof migrationEnvironment>;
export type MigrationVariables = EnvironmentFor<typeof migrationEnvironment>;

export interface MigrationOptions<DB> {
  /** The service, its database and its login: all have this name. */
  readonly service: string;
  readonly migrations: Readonly<Record<string, Migration>>;
  /** Runs after every migration; must be safe to run again. */
  readonly seed?: (db: Kysely<DB>) => Promise<void>;
}

/**
 * Creates the database and the login of a service where they are missing, brings the tables up to date and
 * grants the login what it needs: reading and writing rows of its own database, and nothing else anywhere. What backs up
 * may read them.
 */
export async function migrateService<DB>(
  options: MigrationOptions<DB>,
  environment: MigrationEnvironment = readEnvironment(migrationEnvironment),
): Promise<void> {
  await meetingRetry.execute(() => migrateOnce(options, environment));
}

/**
 * Two migrations of a service at once meet where they create the same. The one that comes second runs again
 * from its start, and then finds done what the other has done.
 */
const meetingRetry = retry(handleWhen(meetsAnother), {
  maxAttempts: 20,
  backoff: new ExponentialBackoff({ initialDelay: 20, maxDelay: 500 }),
});

function meetsAnother(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const meets =
    isSerializationFailure(error) || /already exists|concurrently (updated|deleted)/.test(error.message);
  return meets || meetsAnother(error.cause);
}

async function migrateOnce<DB>(
  options: MigrationOptions<DB>,
  environment: MigrationEnvironment,
): Promise<void> {
  await withClient(administratorConnection(environment), (client) =>
    createDatabaseAndLogins(client, options.service, environment),
  );
  await withTables<DB>(environment, options.service, async (db) => {
    await migrateTables(db, options.migrations);
    await grantRows(db, options.service);
    await options.seed?.(db);
  });
}

/** Brings the tables of an empty database to where they were after the last of some migrations, and no further. */
export async function migrateTo(
  environment: MigrationEnvironment,
  database: string,
  migrations: Readonly<Record<string, Migration>>,
  last: string,
): Promise<void> {
  await withTables(environment, database, (db) => migrateTables(db, migrations, last));
}

async function withTables<DB>(
  environment: MigrationEnvironment,
  database: string,
  run: (db: Kysely<DB>) => Promise<void>,
): Promise<void> {
  const pool = new pg.Pool({ ...administratorConnection(environment, database), max: 2 });
  const db = new Kysely<DB>({ dialect: new MigrationDialect({ pool }) });
  try {
    await run(db);
  } finally {
    await db.destroy();
  }
}

/**
 * Kysely's advisory lock does not exist on CockroachDB, and a lock on the row of its lock table would not last:
 * Kysely takes it before the transaction begins. None is needed: a migration and its name in the list of those
 * that ran are written in one transaction, and the list takes each name once.
 */
class MigrationAdapter extends PostgresAdapter {
  override acquireMigrationLock(): Promise<void> {
    return Promise.resolve();
  }

  override releaseMigrationLock(): Promise<void> {
    return Promise.resolve();
  }
}

class MigrationDialect extends PostgresDialect {
  override createAdapter(): PostgresAdapter {
    return new MigrationAdapter();
  }
}

async function migrateTables<DB>(
  db: Kysely<DB>,
  migrations: Readonly<Record<string, Migration>>,
  last?: string,
): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve({ ...migrations }) },
  });
  const { error } = await (last === undefined ? migrator.migrateToLatest() : migrator.migrateTo(last));
  if (error !== undefined) throw new Error("the migrations of the tables failed", { cause: error });
}

async function createDatabaseAndLogins(
  client: Client,
  name: string,
  { DATABASE_LOGINS: logins }: MigrationEnvironment,
): Promise<void> {
  const id = (text: string) => client.escapeIdentifier(text);
  const database = await client.query("select 1 from pg_catalog.pg_database where datname = $1", [name]);
  if (database.rowCount === 0) await client.query(`create database ${id(name)}`);
  await client.query(`revoke connect on database ${id(name)} from public`);
  for (const role of [name, BACKUP]) {
    const found = await client.query("select 1 from pg_catalog.pg_roles where rolname = $1", [role]);
    if (found.rowCount === 0) await client.query(`create user ${id(role)}`);
    if (logins !== undefined) await createLogins(client, role, logins);
    await client.query(`grant connect on database ${id(name)} to ${id(role)}`);
  }
}

/** Makes a role one that nobody signs in with, and lets those of these logins which are its own, and no others, act for it. */
async function createLogins(
  client: Client,
  role: string,
  all: Readonly<Record<string, string>>,
): Promise<void> {
  const id = (name: string) => client.escapeIdentifier(name);
  const logins = Object.fromEntries(Object.entries(all).filter(([login]) => isLoginOf(role, login)));
  await client.query(`alter user ${id(role)} with nologin`);
  const roles = await client.query<{ rolname: string }>("select rolname from pg_catalog.pg_roles");
  const present = roles.rows.map(({ rolname }) => rolname).filter((name) => isLoginOf(role, name));
  for (const [login, password] of Object.entries(logins)) {
    if (!present.includes(login)) await client.query(`create user ${id(login)}`);
    await client.query(`alter user ${id(login)} with password ${client.escapeLiteral(password)}`);
    await client.query(`grant ${id(role)} to ${id(login)}`);
  }
  for (const login of present.filter((name) => !(name in logins)))
    await client.query(`drop user if exists ${id(login)}`);
}

async function grantRows<DB>(db: Kysely<DB>, service: string): Promise<void> {
  const login = sql.id(service);
  const backup = sql.id(BACKUP);
  await sql`grant usage on schema public to ${login}, ${backup}`.execute(db);
  await sql`grant select on all tables in schema public to ${backup}`.execute(db);
  await sql`grant select, insert, update, delete on all tables in schema public to ${login}`.execute(db);
  await sql`revoke all on table kysely_migration, kysely_migration_lock from ${login}`.execute(db);
}

/** How the administrator connects: to the URL's own database, or to the given one. */
export function administratorConnection(
  environment: MigrationEnvironment,
  database?: string,
): pg.ClientConfig {
  const url = new URL(environment.DATABASE_URL);
  if (database !== undefined) url.pathname = `/${database}`;
  return {
    connectionString: url.href,
    ...connectionTls(environment),
    application_name: "migrations",
    connectionTimeoutMillis: 10_000,
  };
}

async function withClient(settings: pg.ClientConfig, run: (client: Client) => Promise<void>): Promise<void> {
  const client = new pg.Client(settings);
  await client.connect();
  try {
    await run(client);
  } finally {
    await client.end();
  }
}
