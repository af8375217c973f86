import type { Kysely } from "kysely";
import { sql } from "kysely";
import { retrying, transaction } from "../shared/database.ts";
import { Problem } from "../shared/problem.ts";
import type { AuthenticationDatabase } from "./database.ts";

/** One login: to which account (which need not exist) and from where. */
export interface LoginAttempt {
  readonly usernameKey: string;
  readonly source: string;
}

const MINUTE = 60_000;

/**
 * Failures after which logins are refused until the window ends.
 * - `pair`: guessing one account's password from one place;
 * - `source`: trying stolen passwords of many accounts from one place;
 * - `account`: guessing one account's password from many places. This one does not count for places from which the
 *   account was signed in to before, so that nobody can lock its owner out by failing on purpose.
 */
const rules = {
  pair: { failures: 10, window: 15 * MINUTE },
  source: { failures: 100, window: 15 * MINUTE },
  account: { failures: 100, window: 60 * MINUTE },
} as const;

type Rule = keyof typeof rules;
const ruleNames = Object.keys(rules) as Rule[];
/** All write in this order, so that none waits for another that waits for it. */
const COUNTED = ["account", "source", "pair"] as const satisfies Rule[];

/** Milliseconds that a source stays known after its last login. */
const KNOWN_FOR = 90 * 24 * 60 * MINUTE;

/**
 * Looks at a password where the limits allow it. The attempt counts as failed before its password is looked at, so
 * that attempts which come at once cannot all find the limit not yet reached; it is given back where it succeeds, and
 * where nothing was learnt because the look itself failed.
 * @param look answers who signed in; undefined where the password is wrong
 * @throws Problem `too_many_logins` with Retry-After, alike for accounts that exist and those that do not
 */
export async function throttled<R>(
  db: Kysely<AuthenticationDatabase>,
  attempt: LoginAttempt,
  look: () => Promise<R | undefined>,
): Promise<R | undefined> {
  const failuresOfPair = await transaction(db, async (trx) => {
    await checkThrottle(trx, attempt);
    return countFailure(trx, attempt);
  });
  try {
    const result = await look();
    if (result !== undefined) await noteSuccess(db, attempt);
    else if (failuresOfPair === 1) await forgetOldWindows(db);
    return result;
  } catch (error) {
    await transaction(db, (trx) => giveBack(trx, attempt));
    throw error;
  }
}

async function checkThrottle(trx: Kysely<AuthenticationDatabase>, attempt: LoginAttempt): Promise<void> {
  const subjects = subjectsOf(attempt);
  const rows = await trx
    .selectFrom("login_failures")
    .selectAll()
    .where("subject", "in", Object.values(subjects))
    .execute();
  for (const rule of ruleNames) {
    const row = rows.find(({ subject }) => subject === subjects[rule]);
    const ends = (row?.window_start.getTime() ?? 0) + rules[rule].window;
    if (row === undefined || row.failures < rules[rule].failures || ends <= Date.now()) continue;
    if (rule === "account" && (await isKnown(trx, attempt))) continue;
    throw new Problem("too_many_logins", {
      headers: { "retry-after": String(Math.ceil((ends - Date.now()) / 1000)) },
    });
  }
}

/** Counts a failed login. @returns how many have failed of this account and source */
async function countFailure(trx: Kysely<AuthenticationDatabase>, attempt: LoginAttempt): Promise<number> {
  const subjects = subjectsOf(attempt);
  const now = new Date();
  let failures = 0;
  for (const rule of COUNTED) {
    const begun = new Date(now.getTime() - rules[rule].window);
    const over = sql<boolean>`login_failures.window_start < ${begun}`;
    const row = await trx
      .insertInto("login_failures")
      .values({ subject: subjects[rule], failures: 1, window_start: now })
      .onConflict((conflict) =>
        conflict.column("subject").doUpdateSet({
          failures: sql<number>`case when ${over} then 1 else login_failures.failures + 1 end`,
          window_start: sql<Date>`case when ${over} then ${now}::timestamptz else login_failures.window_start end`,
        }),
      )
      .returning("failures")
      .executeTakeFirstOrThrow();
    failures = row.failures;
  }
  return failures;
}

/** Takes an attempt off the counts again, and leaves no row behind that counts nothing. */
async function giveBack(trx: Kysely<AuthenticationDatabase>, attempt: LoginAttempt): Promise<void> {
  const subjects = subjectsOf(attempt);
  for (const rule of COUNTED) {
    const deleted = await trx
      .deleteFrom("login_failures")
      .where("subject", "=", subjects[rule])
      .where("failures", "<=", 1)
      .returning("subject")
      .executeTakeFirst();
    if (deleted !== undefined) continue;
    await trx
      .updateTable("login_failures")
      .set((eb) => ({ failures: eb("failures", "-", 1) }))
      .where("subject", "=", subjects[rule])
      .execute();
  }
}

/** Keeps the table as small as what can still refuse somebody. */
async function forgetOldWindows(db: Kysely<AuthenticationDatabase>): Promise<void> {
  const longest = Math.max(...ruleNames.map((rule) => rules[rule].window));
  const old = new Date(Date.now() - longest);
  await retrying(db, () => db.deleteFrom("login_failures").where("window_start", "<", old).execute());
}

/** Remembers where the account's owner signs in from, and forgives what failed there before. */
async function noteSuccess(db: Kysely<AuthenticationDatabase>, attempt: LoginAttempt): Promise<void> {
  const { usernameKey: username_key, source } = attempt;
  const seen_at = new Date();
  await transaction(db, async (trx) => {
    await giveBack(trx, attempt);
    await trx.deleteFrom("login_failures").where("subject", "=", subjectsOf(attempt).pair).execute();
    await trx
      .insertInto("known_sources")
      .values({ username_key, source, seen_at })
      .onConflict((conflict) => conflict.columns(["username_key", "source"]).doUpdateSet({ seen_at }))
      .execute();
  });
}

async function isKnown(db: Kysely<AuthenticationDatabase>, attempt: LoginAttempt): Promise<boolean> {
  const row = await retrying(db, () =>
    db
      .selectFrom("known_sources")
      .select("source")
      .where("username_key", "=", attempt.usernameKey)
      .where("source", "=", attempt.source)
      .where("seen_at", ">", new Date(Date.now() - KNOWN_FOR))
      .executeTakeFirst(),
  );
  return row !== undefined;
}

function subjectsOf({ usernameKey, source }: LoginAttempt): Record<Rule, string> {
  return {
    pair: `pair ${source} ${usernameKey}`,
    source: `source ${source}`,
    account: `account ${usernameKey}`,
  };
}
