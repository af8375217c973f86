import type { Client, QueryArrayConfig } from "pg";
import pg from "pg";
import { BackupError } from "./error.ts";
import type { Row, TableShape } from "./format.ts";

const { escapeIdentifier } = pg;

/** Rows that are in memory at a time. */
export const BATCH = 500;

/** The migrations' own tables: what they say is in the backup's header. */
const MIGRATION_TABLES = ["kysely_migration", "kysely_migration_lock"];

/**
 * The tables of a database with the columns that are stored, every table after those that it refers to.
 * @throws BackupError where tables refer to each other in a circle, for no order would restore those
 */
export async function tablesOf(client: Client): Promise<TableShape[]> {
  const columns = await client.query<{ table: string; column: string }>(
    `select c.relname as "table", a.attname as "column"
     from pg_catalog.pg_class c
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     join pg_catalog.pg_attribute a on a.attrelid = c.oid
     where n.nspname = 'public' and c.relkind = 'r' and a.attnum > 0
       and not a.attisdropped and a.attgenerated = ''
     order by c.relname, a.attnum`,
  );
  const references = await client.query<{ child: string; parent: string }>(
    `select child.relname as child, parent.relname as parent
     from pg_catalog.pg_constraint k
     join pg_catalog.pg_class child on child.oid = k.conrelid
     join pg_catalog.pg_class parent on parent.oid = k.confrelid
     where k.contype = 'f'`,
  );
  const tables = Map.groupBy(columns.rows, ({ table }) => table);
  for (const table of MIGRATION_TABLES) tables.delete(table);
  return parentsFirst([...tables.keys()], references.rows).map((name) => ({
    name,
    columns: (tables.get(name) ?? []).map(({ column }) => column),
  }));
}

function parentsFirst(
  names: readonly string[],
  references: readonly { child: string; parent: string }[],
): string[] {
  const sorted: string[] = [];
  let waiting = names;
  while (waiting.length > 0) {
    const [free, bound] = partition(
      waiting,
      (name) => !references.some(({ child, parent }) => child === name && waiting.includes(parent)),
    );
    if (free.length === 0)
      throw new BackupError(`the tables ${bound.join(", ")} refer to themselves or each other in a circle`);
    sorted.push(...free);
    waiting = bound;
  }
  return sorted;
}

function partition<T>(all: readonly T[], test: (one: T) => boolean): [T[], T[]] {
  return [all.filter(test), all.filter((one) => !test(one))];
}

/** The names of the migrations that a database has had, in their order. */
export async function migrationsOf(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>("select name from kysely_migration order by name");
  return rows.map(({ name }) => name);
}

/** Reads a table in batches, within the transaction that is open. */
export async function* rowsOf(client: Client, table: TableShape): AsyncGenerator<Row[]> {
  await client.query(
    `declare backup_rows cursor for select ${list(table.columns)} from ${escapeIdentifier(table.name)}`,
  );
  for (;;) {
    const fetch: QueryArrayConfig = { text: `fetch ${BATCH} from backup_rows`, rowMode: "array" };
    const { rows } = await client.query<(string | null)[]>(fetch);
    if (rows.length > 0) yield rows;
    if (rows.length < BATCH) break;
  }
  await client.query("close backup_rows");
}

/** Writes rows as they were read: the server takes each text for a value of its column's type. */
export async function insertRows(client: Client, table: TableShape, rows: readonly Row[]): Promise<void> {
  const width = table.columns.length;
  const values = rows.map(
    (_, row) => `(${table.columns.map((_, column) => `$${row * width + column + 1}`).join(", ")})`,
  );
  await client.query(
    `insert into ${escapeIdentifier(table.name)} (${list(table.columns)}) values ${values.join(", ")}`,
    rows.flat(),
  );
}

function list(names: readonly string[]): string {
  return names.map((name) => escapeIdentifier(name)).join(", ");
}
