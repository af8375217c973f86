import { AsyncLocalStorage } from "node:async_hooks";
import type { Kysely } from "kysely";
import { sql } from "kysely";
import { retrying } from "../shared/database.ts";
import type { AuthenticationDatabase } from "./database.ts";
import type { AccessClaims, Seconds } from "./tokens.ts";

/** Queries on their way at once, and so the connections that they need: while one is slow, another can still be asked. */
export const AT_ONCE = 2;
/** Sessions that one query asks about. */
const BATCH = 64;

interface Check {
  readonly session: AccessClaims;
  readonly answer: (left: Seconds) => void;
  readonly fail: (error: unknown) => void;
  /** Runs something as part of the request that asks. */
  readonly within: ReturnType<typeof AsyncLocalStorage.snapshot>;
}

/**
 * Whether sessions go on, read from the database for each check: an ended session ends on every replica at once.
 * Checks that come together share a query, which costs as much for thirty as for one. A check never joins a query
 * that was sent before it came, whose answer could be older than a logout.
 */
export class SessionChecks {
  readonly #db: Kysely<AuthenticationDatabase>;
  #waiting: Check[] = [];
  #asking = 0;
  #due = false;

  constructor(db: Kysely<AuthenticationDatabase>) {
    this.#db = db;
  }

  /**
   * How long a session goes on unless somebody ends it, by the database's clock; 0 where it does not.
   * @throws what the database throws, for all checks of a query alike
   */
  secondsLeft(session: AccessClaims): Promise<Seconds> {
    return new Promise((answer, fail) => {
      this.#waiting.push({ session, answer, fail, within: AsyncLocalStorage.snapshot() });
      this.#askSoon();
    });
  }

  /** After this turn of the event loop, so that the requests which were read in it are asked about together. */
  #askSoon(): void {
    if (this.#due || this.#asking >= AT_ONCE || this.#waiting.length === 0) return;
    this.#due = true;
    setImmediate(() => {
      this.#due = false;
      const batch = this.#waiting.splice(0, BATCH);
      // A query is part of one trace: that of the first request which it is for.
      batch[0]?.within(() => void this.#ask(batch));
      this.#askSoon();
    });
  }

  async #ask(checks: readonly Check[]): Promise<void> {
    this.#asking++;
    try {
      const found = await this.#goingOn(checks.map(({ session }) => session.sessionId));
      for (const { session, answer } of checks) {
        const going = found.get(session.sessionId);
        answer(going?.userId === session.userId ? going.left : 0);
      }
    } catch (error) {
      for (const { fail } of checks) fail(error);
    } finally {
      this.#asking--;
      this.#askSoon();
    }
  }

  /** Whose the sessions are that go on, of those with these ids, and for how long they do. */
  async #goingOn(ids: readonly string[]): Promise<ReadonlyMap<string, { userId: string; left: Seconds }>> {
    const rows = await retrying(this.#db, () =>
      this.#db
        .selectFrom("sessions")
        .select(["id", "user_id as userId"])
        .select(sql<Seconds>`extract(epoch from expires_at - now())::float8`.as("left"))
        .where("id", "=", sql<string>`any(${[...new Set(ids)]}::uuid[])`)
        .where("ended_at", "is", null)
        .where("expires_at", ">", sql<Date>`now()`)
        .execute(),
    );
    return new Map(rows.map(({ id, ...going }) => [id, going]));
  }
}
