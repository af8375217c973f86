import type { Kysely } from "kysely";
import { sql } from "kysely";
import { retrying, transaction } from "../shared/database.ts";
import type { AuthenticationDatabase } from "./database.ts";
import type { Seconds } from "./tokens.ts";
import { hashRefreshToken, newRefreshToken } from "./tokens.ts";

/** By the database's clock, by which gateways are told of ends too. */
const NOW = sql<Date>`now()`;

export interface SessionGrant {
  readonly userId: string;
  readonly sessionId: string;
  readonly refreshToken: string;
}

/** Starts a session with its first refresh token, and forgets the user's sessions that have run out. */
export function startSession(
  db: Kysely<AuthenticationDatabase>,
  userId: string,
  lifetime: Seconds,
): Promise<SessionGrant> {
  const refresh = newRefreshToken();
  return transaction(db, async (trx) => {
    await trx.deleteFrom("sessions").where("user_id", "=", userId).where("expires_at", "<", NOW).execute();
    const session = await trx
      .insertInto("sessions")
      .values({ user_id: userId, expires_at: new Date(Date.now() + lifetime * 1000) })
      .returning("id")
      .executeTakeFirstOrThrow();
    await trx.insertInto("refresh_tokens").values({ hash: refresh.hash, session_id: session.id }).execute();
    return { userId, sessionId: session.id, refreshToken: refresh.token };
  });
}

/** A refresh token that came a second time, which is the end of its session. */
export interface Reuse {
  readonly reusedIn: string;
}

/**
 * Exchanges a refresh token for its successor. A token that comes a second time was stolen, from the user or by
 * the user's thief, and nobody can tell which of the two holds the newer one: the session is to end for both (RFC
 * 9700, section 4.14.2).
 * @returns "unknown" also where the token is of a session that has ended
 */
export function rotateRefreshToken(
  db: Kysely<AuthenticationDatabase>,
  token: string,
): Promise<SessionGrant | Reuse | "unknown"> {
  const hash = hashRefreshToken(token);
  const next = newRefreshToken();
  return transaction(db, async (trx) => {
    const found = await trx
      .selectFrom("refresh_tokens")
      .innerJoin("sessions", "sessions.id", "refresh_tokens.session_id")
      .select(["sessions.id as sessionId", "sessions.user_id as userId", "refresh_tokens.used_at as usedAt"])
      .where("refresh_tokens.hash", "=", hash)
      .where("sessions.ended_at", "is", null)
      .where("sessions.expires_at", ">", NOW)
      .executeTakeFirst();
    if (found === undefined) return "unknown";
    const { sessionId, userId, usedAt } = found;
    if (usedAt !== null) return { reusedIn: sessionId };
    await trx.updateTable("refresh_tokens").set({ used_at: new Date() }).where("hash", "=", hash).execute();
    await trx.insertInto("refresh_tokens").values({ hash: next.hash, session_id: sessionId }).execute();
    return { userId, sessionId, refreshToken: next.token };
  });
}

/**
 * Ends a session and with it every access and refresh token that it gave. One that has ended ends again: whoever asks
 * for the end can rely on it that gateways are told from now on.
 */
export async function endSession(db: Kysely<AuthenticationDatabase>, id: string): Promise<void> {
  await retrying(db, () => db.updateTable("sessions").set({ ended_at: NOW }).where("id", "=", id).execute());
}

/** Ends all sessions of a user. Gateways that remember them are told when they next ask. */
export async function endSessionsOf(db: Kysely<AuthenticationDatabase>, userId: string): Promise<void> {
  await retrying(db, () =>
    db
      .updateTable("sessions")
      .set({ ended_at: NOW })
      .where("user_id", "=", userId)
      .where("ended_at", "is", null)
      .execute(),
  );
}
