import type { Migration } from "kysely/migration";
import type { Client } from "pg";
import pg from "pg";
import { catalog } from "../services/catalog.ts";
import { servicesWithDatabase } from "../services/shared/catalog.ts";
import type { MigrationEnvironment } from "../services/shared/migrations.ts";
import { migrateTo } from "../services/shared/migrations.ts";
import { connect, withConnection } from "./connection.ts";
import { BackupError } from "./error.ts";
import type { DatabaseShape, Header } from "./format.ts";
import { readBackup } from "./format.ts";
import { insertRows, tablesOf } from "./tables.ts";

/** A backup that was read from end to end, and that this program can restore. */
export interface CheckedBackup {
  readonly file: string;
  readonly header: Header;
  readonly rows: number;
}

export interface RestoreOptions {
  /** Whether databases that are there already are replaced. */
  readonly force: boolean;
}

/**
 * Reads a backup from end to end.
 * @throws BackupError where it is damaged, or this program cannot restore it
 */
export async function checkBackup(file: string): Promise<CheckedBackup> {
  const { header, rows } = await readBackup(file);
  for (const database of header.databases) await knownMigrations(database);
  return { file, header, rows };
}

/**
 * Puts the databases of all services back to what a backup holds, and with them the migrations that they had had: the
 * next start of the platform brings them up to date. All is loaded under other names first, and takes the place of
 * what is there only when it is complete: until then nothing has changed.
 * @param environment how to reach the server as its administrator
 * @throws BackupError where the platform runs, or has data that must not be replaced
 */
export async function restore(
  environment: MigrationEnvironment,
  { file, header }: CheckedBackup,
  { force }: RestoreOptions,
): Promise<void> {
  await withConnection(environment, undefined, async (server) => {
    const services = servicesWithDatabase(catalog);
    const there = await existing(server, services);
    if (there.length > 0 && !force)
      throw new BackupError(
        `there are databases already (${there.join(", ")}): restore into a new platform, or replace them with --force`,
      );
    await refuseWhileUsed(server, services);
    const drafts = header.databases.map(({ name }) => draftOf(name));
    try {
      for (const database of header.databases) await prepare(environment, server, database);
      await load(environment, header, file);
      for (const service of there) await drop(server, service);
      for (const { name } of header.databases)
        await server.query(
          `alter database ${pg.escapeIdentifier(draftOf(name))} rename to ${pg.escapeIdentifier(name)}`,
        );
    } finally {
      for (const draft of drafts) await drop(server, draft);
    }
  });
}

/** Where a database is until it is complete: no service can have a name with an underscore. */
function draftOf(database: string): string {
  return `${database}_restoring`;
}

async function drop(server: Client, database: string): Promise<void> {
  await server.query(`drop database if exists ${pg.escapeIdentifier(database)}`);
}

async function existing(server: Client, databases: readonly string[]): Promise<string[]> {
  const { rows } = await server.query<{ name: string }>("select datname as name from pg_catalog.pg_database");
  return rows.map(({ name }) => name).filter((name) => databases.includes(name));
}

/** Services that run would write to what is about to be replaced, and start to serve what is not yet migrated. */
async function refuseWhileUsed(server: Client, databases: readonly string[]): Promise<void> {
  const { rows } = await server.query<{ name: string }>(
    "select distinct datname as name from pg_catalog.pg_stat_activity where datname is not null",
  );
  const used = rows.map(({ name }) => name).filter((name) => databases.includes(name));
  if (used.length > 0)
    throw new BackupError(`databases are in use (${used.join(", ")}): stop the platform first`);
}

/** Makes an empty database with the tables that the backed-up one had. */
async function prepare(
  environment: MigrationEnvironment,
  server: Client,
  database: DatabaseShape,
): Promise<void> {
  const draft = draftOf(database.name);
  await drop(server, draft);
  await server.query(`create database ${pg.escapeIdentifier(draft)}`);
  const last = database.migrations.at(-1);
  if (last !== undefined) await migrateTo(environment, draft, await knownMigrations(database), last);
  await withConnection(environment, draft, async (client) => {
    const tables = await tablesOf(client);
    if (JSON.stringify(tables) !== JSON.stringify(database.tables))
      throw new BackupError(`the tables of ${database.name} are not those that its migrations make here`);
    // Migrations may have brought rows of their own, which the backup has as they were in the end.
    for (const { name } of tables.toReversed())
      await client.query(`delete from ${pg.escapeIdentifier(name)}`);
  });
}

async function load(environment: MigrationEnvironment, { databases }: Header, file: string): Promise<void> {
  const clients = new Map<string, Client>();
  try {
    for (const { name } of databases) clients.set(name, await connect(environment, draftOf(name)));
    await readBackup(file, {
      async section({ database, table, rows }) {
        const client = clients.get(database);
        if (client !== undefined) await insertRows(client, table, rows);
      },
    });
  } finally {
    await Promise.all([...clients.values()].map((client) => client.end()));
  }
}

/**
 * The migrations of a service that this program has.
 * @throws BackupError where they do not begin with those that the backup had had: a newer program has written it
 */
async function knownMigrations({ name, migrations: had }: DatabaseShape): Promise<Record<string, Migration>> {
  if (!(servicesWithDatabase(catalog) as string[]).includes(name))
    throw new BackupError(`the backup has a database "${name}", and the catalog no such service`);
  const { migrations } = (await import(`../services/${name}/migrations.ts`)) as {
    migrations: Record<string, Migration>;
  };
  const known = Object.keys(migrations).toSorted();
  const unknown = had.find((migration, index) => migration !== known[index]);
  if (unknown === undefined) return migrations;
  throw new BackupError(
    `the backup's ${name} has had the migration ${unknown}, which this program does not know: use the version that wrote it, or a newer one`,
  );
}
