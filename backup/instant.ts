import pg from "pg";
import type { Client } from "pg";
import type { MigrationEnvironment } from "../services/shared/migrations.ts";
import { connect } from "./connection.ts";
import { BackupError } from "./error.ts";
import type { TableShape } from "./format.ts";
import { tablesOf } from "./tables.ts";

/** How often snapshots are taken anew because a transaction ended between two of them: each takes a millisecond or two. */
const ATTEMPTS = 1_000;

/** One database as it was at the instant: all that is read by its connection is of then. */
export interface Snapshot {
  readonly database: string;
  readonly client: Client;
  readonly tables: readonly TableShape[];
}

/** Several databases as of one instant, readable until closed. */
export interface Instant {
  readonly takenAt: Date;
  readonly snapshots: readonly Snapshot[];
  close(): Promise<void>;
}

/**
 * Opens databases of one server as of one instant, for whoever may read them; writers are not held up. A snapshot of each,
 * one after the other, would not do: a transaction of one service that follows another's would be in the copy without it.
 * @throws BackupError where a database is missing, or writers leave no gap
 */
export async function openInstant(
  environment: MigrationEnvironment,
  databases: readonly string[],
): Promise<Instant> {
  const clients: Client[] = [];
  const close = async () => {
    await Promise.all(clients.map((client) => client.end()));
  };
  try {
    for (const database of databases) clients.push(await connect(environment, database));
    const open = (await isCockroach(clients)) ? openAtTimestamp : openBetweenCommits;
    const takenAt = await open(clients);
    const snapshots: Snapshot[] = [];
    for (const [index, client] of clients.entries())
      snapshots.push({ database: databases[index] ?? "", client, tables: await tablesOf(client) });
    return { takenAt, snapshots, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function isCockroach([client]: readonly Client[]): Promise<boolean> {
  const version = await client?.query<{ version: string }>("select version()");
  return version?.rows[0]?.version.startsWith("CockroachDB") ?? false;
}

/** CockroachDB keeps what was, and can read all its databases as of one timestamp. */
async function openAtTimestamp(clients: readonly Client[]): Promise<Date> {
  const answer = await clients[0]?.query<{ at: string }>("select cluster_logical_timestamp()::text as at");
  const at = answer?.rows[0]?.at ?? "";
  await all(clients, beginAsOf(at));
  return new Date(Number(at) / 1e6);
}

/** Opens a transaction of CockroachDB that reads as of a timestamp of its hybrid-logical clock. */
export function beginAsOf(timestamp: string): string {
  return `begin transaction as of system time '${timestamp}'`;
}

/**
 * PostgreSQL has no snapshot of several databases, but it counts their transactions together: snapshots that name the same
 * ones as ended are of one instant, in whichever database they were taken. Until they do, they are taken anew.
 */
async function openBetweenCommits(clients: readonly Client[]): Promise<Date> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const takenAt = await openTogether(clients);
    if (takenAt !== undefined) return takenAt;
  }
  throw new BackupError("transactions ended without a pause for breath: try again when there are fewer");
}

/** Takes a snapshot of each database at once. @returns when that was, or undefined where they differ */
async function openTogether(clients: readonly Client[]): Promise<Date | undefined> {
  const before = await Promise.all(clients.map(tablesOf));
  await all(clients, "begin transaction isolation level repeatable read read only");
  try {
    // Until the copy is done no migration may change the tables. A lock needs no snapshot, and so comes before it.
    await Promise.all(clients.map((client, index) => client.query(lockTables(before[index] ?? []))));
    const answers = await all(
      clients,
      "select pg_current_snapshot()::text as snapshot, clock_timestamp() as at",
    );
    const taken = answers.map(({ rows }) => rows[0] as { snapshot: string; at: string });
    const [first] = taken;
    const same = taken.every(({ snapshot }) => snapshot === first?.snapshot);
    const after = same ? await Promise.all(clients.map(tablesOf)) : undefined;
    if (JSON.stringify(after) === JSON.stringify(before)) return new Date(first?.at ?? 0);
  } catch (error) {
    await all(clients, "rollback");
    throw error;
  }
  await all(clients, "rollback");
  return undefined;
}

/** Where there are no tables, none are locked. */
function lockTables(tables: readonly TableShape[]): string {
  const names = tables.map(({ name }) => pg.escapeIdentifier(name));
  return names.length === 0 ? "" : `lock table ${names.join(", ")} in access share mode`;
}

function all(clients: readonly Client[], statement: string): Promise<pg.QueryResult[]> {
  return Promise.all(clients.map((client) => client.query(statement)));
}
