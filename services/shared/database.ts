import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { ConnectionOptions } from "node:tls";
import { ExponentialBackoff, handleWhen, retry } from "cockatiel";
import type { Logger as QueryLogger, Transaction } from "kysely";
import { Kysely, PostgresDialect, sql } from "kysely";
import pg from "pg";
import type { DatabaseEnvironment } from "./config.ts";
import { isSerializationFailure, sqlState } from "./database-errors.ts";
import type { Logger } from "./logging.ts";
import type { Metrics } from "./metrics.ts";
import { boundedPool } from "./pool.ts";
import type { Tracing } from "./tracing.ts";

/** Milliseconds that a query may wait for a connection, whether for a new one or for its turn. */
const CONNECTION_TIMEOUT = 3_000;
/** Queries that may wait for each connection of the pool. */
const WAITING_PER_CONNECTION = 8;

export interface DatabaseOptions {
  /** CockroachDB's only level by default; PostgreSQL is told to behave alike. */
  readonly isolation?: "serializable" | "read committed";
  /** Milliseconds that one statement may take. */
  readonly statementTimeout?: number;
  /** The pool's name in metrics, where a process has more than one. */
  readonly pool?: string;
}

/** Who is told how a pool is. */
export interface DatabaseObservers {
  readonly logger: Pick<Logger, "warn">;
  readonly metrics: Metrics;
  readonly tracing?: Tracing | undefined;
}

/** Opens the pool of a service's own database. Nothing connects before the first query. */
export function openDatabase<DB>(
  service: string,
  environment: DatabaseEnvironment,
  { logger, metrics, tracing }: DatabaseObservers,
  { isolation = "serializable", statementTimeout = 5_000, pool: name = "service" }: DatabaseOptions = {},
): Kysely<DB> {
  const pool = new pg.Pool({
    connectionString: environment.DATABASE_URL,
    ...connectionTls(environment),
    application_name: service,
    max: environment.DATABASE_POOL_SIZE,
    connectionTimeoutMillis: CONNECTION_TIMEOUT,
    keepAlive: true,
    idleTimeoutMillis: 60_000,
    statement_timeout: statementTimeout,
    query_timeout: statementTimeout + 1_000,
    idle_in_transaction_session_timeout: 2 * statementTimeout,
    options: `-c default_transaction_isolation=${isolation.replace(" ", "\\ ")}`,
  });
  // An idle connection that breaks is replaced by the pool; unheard, its error would end the process.
  pool.on("error", (error) => logger.warn({ err: error }, "an idle database connection broke"));
  watchPool(pool, name, metrics);
  const bounded = boundedPool(pool, WAITING_PER_CONNECTION * environment.DATABASE_POOL_SIZE);
  const dialect = new PostgresDialect({ pool: bounded });
  return new Kysely<DB>(tracing === undefined ? { dialect } : { dialect, log: traceStatements(tracing) });
}

/** Kysely tells of each statement when it has ended, in the context of whoever asked for it. */
function traceStatements(tracing: Tracing): QueryLogger {
  return (event) => {
    const failure = event.level === "error" ? (sqlState(event.error) ?? "unknown") : undefined;
    tracing.statement(event.query.sql, event.queryDurationMillis, failure);
  };
}

function watchPool(pool: pg.Pool, name: string, metrics: Metrics): void {
  const states = {
    idle: () => pool.idleCount,
    busy: () => pool.totalCount - pool.idleCount,
    waiting: () => pool.waitingCount,
  };
  for (const [state, read] of Object.entries(states)) {
    const help = "Connections to the database, idle and busy, and queries that wait for one";
    metrics.watch("gatehouse_database_pool_connections", help, { pool: name, state }, read);
  }
}

/**
 * Resolves once the database answers. A pod's way to it may open some seconds after the pod has started, as
 * network policies are put in place: until then it must not get requests.
 */
export async function awaitDatabase<DB>(db: Kysely<DB>, logger: Pick<Logger, "warn">): Promise<void> {
  for (let pause = 50; ; pause = Math.min(2 * pause, 500)) {
    try {
      await sql`select 1`.execute(db);
      return;
    } catch (error) {
      logger.warn({ err: error }, "the database does not answer yet");
      await sleep(pause);
    }
  }
}

/** TLS part of a connection's settings: the server is always verified where a CA is given. */
export function connectionTls(
  environment: Pick<DatabaseEnvironment, "DATABASE_CA_FILE" | "DATABASE_CERT_FILE" | "DATABASE_KEY_FILE">,
): { ssl?: ConnectionOptions } {
  const { DATABASE_CA_FILE: ca, DATABASE_CERT_FILE: cert, DATABASE_KEY_FILE: key } = environment;
  if (ca === undefined) return {};
  return {
    ssl: {
      ca: readFileSync(ca),
      ...(cert === undefined || key === undefined
        ? {}
        : { cert: readFileSync(cert), key: readFileSync(key) }),
    },
  };
}

const serializationRetry = retry(handleWhen(isSerializationFailure), {
  maxAttempts: 20,
  backoff: new ExponentialBackoff({ initialDelay: 5, maxDelay: 200 }),
});

/**
 * Runs one query, again where the database says that it met another transaction (SQLSTATE 40001). Inside a
 * transaction only the whole of it can be run again: there the query runs once.
 */
export function retrying<DB, R>(db: Kysely<DB>, query: () => Promise<R>): Promise<R> {
  return db.isTransaction ? query() : serializationRetry.execute(query);
}

/**
 * Runs a function in a serializable transaction, again from its start on SQLSTATE 40001. It must do nothing
 * outside the database.
 */
export function transaction<DB, R>(db: Kysely<DB>, run: (trx: Transaction<DB>) => Promise<R>): Promise<R> {
  return serializationRetry.execute(() => db.transaction().execute(run));
}
