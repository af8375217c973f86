import { setTimeout as sleep } from "node:timers/promises";
import type { Kysely } from "kysely";
import { sql } from "kysely";
import { retrying } from "../shared/database.ts";
import type { AuthenticationDatabase } from "./database.ts";
import { endSession } from "./sessions.ts";

/** Milliseconds in a duration, as the environment has it. */
type Milliseconds = number;

/**
 * For how long gateways are told that a session has ended. A gateway forgets all that it remembers where more than 5 s
 * lie between two of its questions; a statement that ends a session is given up after 6 s. The rest is for clocks of
 * the database's nodes.
 */
const TOLD = "20 seconds";

/** For timers that ring early and clocks that do not run alike. */
const MARGIN: Milliseconds = 50;

/**
 * The ends of sessions, for gateways that remember what they were answered. Such a gateway goes by its memory only for
 * as long as a lease lasts, which begins with each question for the sessions that have ended: whoever has ended a
 * session and then waited for so long knows that no gateway lets it in any more, whether that one heard of the end or
 * heard nothing at all (docs/adr/0013-sessions-at-the-gateway.md).
 */
export class Revocations {
  /** How long a lease lasts; 0 where no gateway may remember anything. */
  readonly lease: Milliseconds;
  readonly #db: Kysely<AuthenticationDatabase>;
  readonly #checks: Kysely<AuthenticationDatabase>;

  /** @param databases where sessions end, and where gateways' questions are answered */
  constructor(
    { db, checks }: { db: Kysely<AuthenticationDatabase>; checks: Kysely<AuthenticationDatabase> },
    lease: Milliseconds,
  ) {
    this.#db = db;
    this.#checks = checks;
    this.lease = lease;
  }

  /** Ends a session, and resolves once no gateway goes by what it remembers of it. */
  async end(sessionId: string): Promise<void> {
    await endSession(this.#db, sessionId);
    if (this.lease > 0) await sleep(this.lease + MARGIN);
  }

  /** The sessions that have ended a short while ago. */
  async recent(): Promise<string[]> {
    const rows = await retrying(this.#checks, () =>
      this.#checks
        .selectFrom("sessions")
        .select("id")
        .where("ended_at", ">", sql<Date>`now() - ${sql.lit(TOLD)}::interval`)
        .execute(),
    );
    return rows.map(({ id }) => id);
  }
}
