import { ExponentialBackoff, handleWhen, retry } from "cockatiel";
import pg from "pg";
import type { Client } from "pg";
import type { MigrationEnvironment } from "../services/shared/migrations.ts";
import { connect } from "./connection.ts";
import { BackupError } from "./error.ts";
import type { TableShape } from "./format.ts";
import { tablesOf } from "./tables.ts";

/** Milliseconds that one attempt waits for writers to end, and others behind it: then it lets them go first. */
const BARRIER_TIMEOUT = 500;
/** Milliseconds after which the server itself lifts a barrier whose holder does nothing more. */
const BARRIER_ABANDONED = 5_000;

/** One database as it was at the instant: all that is read by its connection is of then. */
export interface Snapshot {
  readonly database: string;
  readonly client: Client;
  readonly tables: readonly TableShape[];
}

/** Several databases as of one instant, readable until closed. */
export interface Instant {
  readonly takenAt: Date;
  /** Milliseconds for which writers were held up. */
  readonly held: number;
  readonly snapshots: readonly Snapshot[];
  close(): Promise<void>;
}

/**
 * Opens databases of one server as of one instant. A snapshot of each, one after the other, would not do: a
 * transaction of one service that follows another's would be in the copy without it.
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
    const open = (await isCockroach(clients)) ? openAtTimestamp : openBehindBarrier;
    const { takenAt, held } = await open(clients);
    const snapshots: Snapshot[] = [];
    for (const [index, client] of clients.entries())
      snapshots.push({ database: databases[index] ?? "", client, tables: await tablesOf(client) });
    return { takenAt, held, snapshots, close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Opened = Pick<Instant, "takenAt" | "held">;

async function isCockroach([client]: readonly Client[]): Promise<boolean> {
  const version = await client?.query<{ version: string }>("select version()");
  return version?.rows[0]?.version.startsWith("CockroachDB") ?? false;
}

/** CockroachDB keeps what was, and can read all its databases as of one timestamp: nobody waits. */
async function openAtTimestamp(clients: readonly Client[]): Promise<Opened> {
  const answer = await clients[0]?.query<{ at: string }>("select cluster_logical_timestamp()::text as at");
  const at = answer?.rows[0]?.at ?? "";
  await all(clients, beginAsOf(at));
  return { takenAt: new Date(Number(at) / 1e6), held: 0 };
}

/** Opens a transaction of CockroachDB that reads as of a timestamp of its hybrid-logical clock. */
export function beginAsOf(timestamp: string): string {
  return `begin transaction as of system time '${timestamp}'`;
}

const barrierRetry = retry(handleWhen(gaveWay), {
  maxAttempts: 20,
  backoff: new ExponentialBackoff({ initialDelay: 100, maxDelay: 2_000 }),
});

/** A lock was not to be had in time (57014), or only by ending others (40P01). */
function gaveWay(error: unknown): boolean {
  return error instanceof pg.DatabaseError && (error.code === "57014" || error.code === "40P01");
}

async function openBehindBarrier(clients: readonly Client[]): Promise<Opened> {
  try {
    return await barrierRetry.execute(() => holdAndOpen(clients));
  } catch (error) {
    if (!gaveWay(error)) throw error;
    throw new BackupError("long transactions kept writing to the databases: try again when there are none");
  }
}

/**
 * PostgreSQL has no snapshot of several databases. For some milliseconds nobody may write to any of them: what the
 * snapshots that are opened meanwhile see is the same instant. Locks that were taken after a savepoint are freed when
 * it is rolled back; the snapshot stays until the transaction ends.
 */
async function holdAndOpen(clients: readonly Client[]): Promise<Opened> {
  const before = await Promise.all(clients.map(tablesOf));
  const lock = (mode: string) =>
    Promise.all(clients.map((client, index) => client.query(lockTables(before[index] ?? [], mode))));
  try {
    await all(clients, "begin transaction isolation level repeatable read read only");
    // Until the copy is done no migration may change the tables.
    await lock("access share");
    await all(clients, "savepoint barrier");
    await all(clients, `set local statement_timeout = ${BARRIER_TIMEOUT}`);
    await all(clients, `set local idle_in_transaction_session_timeout = ${BARRIER_ABANDONED}`);
    const start = performance.now();
    await lock("share");
    const [answer] = await all(clients, "select clock_timestamp() as at");
    await all(clients, "rollback to savepoint barrier");
    const held = performance.now() - start;

    const after = await Promise.all(clients.map(tablesOf));
    if (JSON.stringify(after) !== JSON.stringify(before))
      throw new BackupError("a migration changed the tables meanwhile: back up again");
    return { takenAt: new Date((answer?.rows[0] as { at: string }).at), held };
  } catch (error) {
    await all(clients, "rollback");
    throw error;
  }
}

/** Where there are no tables, none are locked. */
function lockTables(tables: readonly TableShape[], mode: string): string {
  const names = tables.map(({ name }) => pg.escapeIdentifier(name));
  return names.length === 0 ? "" : `lock table ${names.join(", ")} in ${mode} mode`;
}

function all(clients: readonly Client[], statement: string): Promise<pg.QueryResult[]> {
  return Promise.all(clients.map((client) => client.query(statement)));
}
