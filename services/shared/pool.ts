import type { PostgresPool, PostgresPoolClient } from "kysely";
import pg from "pg";

/** More queries wait for a connection than can be answered in time. */
export class PoolExhausted extends Error {
  override readonly name = "PoolExhausted";
}

/**
 * A pool as Kysely takes it, without two habits of node-postgres: its queue is unbounded, and a connection goes
 * back to it that was closed by the server or whose query was not answered in time, where the next query would fail
 * or wait behind the first.
 * @param maxWaiting queries that may wait; a further one fails at once with {@link PoolExhausted}
 */
export function boundedPool(pool: pg.Pool, maxWaiting: number): PostgresPool {
  // A connection that breaks in use fails its query, which is enough; unheard, its error would end the process.
  pool.on("connect", (client) => client.on("error", () => undefined));
  return {
    options: pool.options,
    async connect() {
      // One that finds a connection idle counts as waiting too, until the next tick.
      if (pool.waitingCount - pool.idleCount >= maxWaiting)
        throw new PoolExhausted(`${maxWaiting} queries wait already`);
      return discardingLost(await pool.connect());
    },
    end: () => pool.end(),
  };
}

/** A client of the pool that is not used again once it is known to be lost. */
function discardingLost(client: pg.PoolClient): PostgresPoolClient {
  let lost: Error | undefined;
  const query = async (sql: string, parameters: readonly unknown[]) => {
    if (lost !== undefined) throw lost;
    try {
      return await client.query(sql, [...parameters]);
    } catch (error) {
      if (endsConnection(error)) lost = error;
      throw error;
    }
  };
  return {
    // Kysely's other form of it is for cursors, which nothing here opens.
    query: query as unknown as PostgresPoolClient["query"],
    release: (destroy = false) => client.release(destroy || lost !== undefined),
  };
}

/** Whether nothing more can be asked on a connection: no answer came in time, or the server has closed it. */
function endsConnection(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  if (error.message === "Query read timeout") return true;
  return error instanceof pg.DatabaseError && ["FATAL", "PANIC"].includes(error.severity ?? "");
}
