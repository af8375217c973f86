import { sql } from "kysely";
import type { Kysely } from "kysely";
import type { AuthenticationDatabase } from "../database.ts";
import type { LimitStore, Take } from "./store.ts";

/** Milliseconds between two clearings of buckets that are full again. */
const CLEARING = 60_000;

interface Row {
  now: string;
  taken: string | null;
  found: string | null;
}

/**
 * Buckets in a table of the service's own database, for a platform without Redis. The clock is the database's: one
 * statement reads it once.
 * @param db with transactions that are "read committed": one statement that locks its row is exact at that level, and
 * at a stricter one the requests of one client would meet and have to run again
 */
export function databaseLimitStore(db: Kysely<AuthenticationDatabase>): LimitStore {
  const clearing = setInterval(() => void clear(db).catch(() => undefined), CLEARING).unref();
  return {
    async take(take) {
      const { rows } = await statement(take).execute(db);
      const [row] = rows;
      if (row === undefined) throw new Error("the statement of the limits gave no row");
      const now = Number(row.now);
      if (row.taken !== null) return { allowed: true, level: Math.max(0, Number(row.taken) - now) };
      // Another transaction that has just made the row is not seen by this part of the statement.
      const found = row.found === null ? now + take.bucket.full : Number(row.found);
      return { allowed: false, level: Math.min(take.bucket.full, Math.max(take.floor, found - now)) };
    },
    close() {
      clearInterval(clearing);
      return db.destroy();
    },
  };
}

/**
 * `excluded.tat` is what a new row gets: now, the floor and the cost. From it the conflicting row derives all else.
 * A bucket that is further from full than it can be is of a clock that was set back since, or of a larger limit: it
 * begins anew.
 */
function statement({ key, bucket, cost, floor }: Take) {
  const now = sql`(excluded.tat - ${cost + floor}::int8)`;
  const own = sql`case when rate_limits.tat <= ${now} + ${bucket.full}::int8 then rate_limits.tat + ${cost}::int8 else 0 end`;
  const next = sql`greatest(excluded.tat, ${own})`;
  return sql<Row>`
    with clock as (select (extract(epoch from now()) * 1000000)::int8 as now),
    step as (
      insert into rate_limits (key, tat)
      select ${key}::text, clock.now + ${cost + floor}::int8 from clock
      on conflict (key) do update set tat = ${next} where ${next} <= ${now} + ${bucket.full}::int8
      returning tat
    )
    select now, (select tat from step) as taken, (select tat from rate_limits where key = ${key}::text) as found
    from clock`;
}

/** A bucket that is full again is the same as none. */
async function clear(db: Kysely<AuthenticationDatabase>): Promise<void> {
  await sql`delete from rate_limits where tat < (extract(epoch from now()) * 1000000)::int8`.execute(db);
}
