import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import type { Kysely, KyselyPlugin } from "kysely";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testDatabase } from "../shared/testing.ts";
import type { AuthenticationDatabase } from "./database.ts";
import { migrations } from "./migrations.ts";
import { SessionChecks } from "./session-checks.ts";
import { endSession, startSession } from "./sessions.ts";
import { insertUser } from "./users.ts";

let db: Kysely<AuthenticationDatabase>;
let drop: () => Promise<void>;
let userId: string;

beforeAll(async () => {
  ({ db, drop } = await testDatabase<AuthenticationDatabase>(migrations));
  ({ id: userId } = await insertUser(db, { username: "alice", passwordHash: "never used" }));
});
afterAll(() => drop());

const newSession = () => startSession(db, userId, 60);

/** The database, with a look at each query's answer before whoever asked has it. */
function watched(onAnswer: (count: number) => Promise<void> = () => Promise.resolve()) {
  const counted = { queries: 0 };
  const plugin: KyselyPlugin = {
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => {
      await onAnswer(++counted.queries);
      return result;
    },
  };
  return { counted, checks: new SessionChecks(db.withPlugin(plugin)) };
}

describe("the check of sessions", () => {
  it("says of each of many that come together whether it goes on", async () => {
    const [going, ended, expired] = [await newSession(), await newSession(), await newSession()];
    await endSession(db, ended.sessionId);
    await db
      .updateTable("sessions")
      .set({ expires_at: sql<Date>`now()` })
      .where("id", "=", expired.sessionId)
      .execute();
    const kinds = [
      [going, true],
      [ended, false],
      [expired, false],
      [{ ...going, userId: randomUUID() }, false],
      [{ userId, sessionId: randomUUID() }, false],
    ] as const;
    const { counted, checks } = watched();
    const all = Array.from({ length: 200 }, (_, index) => kinds[index % kinds.length] ?? kinds[0]);
    const left = await Promise.all(all.map(([session]) => checks.secondsLeft(session)));
    expect(left.map((seconds) => seconds > 0)).toEqual(all.map(([, active]) => active));
    expect(counted.queries).toBe(4);
  });

  it("says how long a session goes on by the database's clock", async () => {
    const [session, short] = [await newSession(), await newSession()];
    await db
      .updateTable("sessions")
      .set({ expires_at: sql<Date>`now() + interval '1500 milliseconds'` })
      .where("id", "=", short.sessionId)
      .execute();
    const { checks } = watched();
    const [left, shortLeft] = await Promise.all([session, short].map((one) => checks.secondsLeft(one)));
    expect(left).toBeGreaterThan(50);
    expect(left).toBeLessThanOrEqual(60);
    expect(shortLeft).toBeGreaterThan(0);
    expect(shortLeft).toBeLessThanOrEqual(1.5);
  });

  it("never answers from a query that was sent before it was asked", async () => {
    const session = await newSession();
    const answered = Promise.withResolvers<undefined>();
    const held = Promise.withResolvers<undefined>();
    const { checks } = watched(async (count) => {
      if (count > 1) return;
      answered.resolve(undefined);
      await held.promise;
    });
    const before = checks.secondsLeft(session);
    await answered.promise;
    await endSession(db, session.sessionId);
    expect(await checks.secondsLeft(session)).toBe(0);
    held.resolve(undefined);
    expect(await before).toBeGreaterThan(0);
  });

  it("asks as part of the first request that a query is for, also where another query made it wait", async () => {
    const session = await newSession();
    const request = new AsyncLocalStorage<string>();
    const queriedFor: (string | undefined)[] = [];
    const checks = new SessionChecks(
      db.withPlugin({
        transformQuery: ({ node }) => {
          queriedFor.push(request.getStore());
          return node;
        },
        transformResult: ({ result }) => Promise.resolve(result),
      }),
    );
    const requests = Array.from({ length: 200 }, (_, index) => String(index));
    await Promise.all(requests.map((name) => request.run(name, () => checks.secondsLeft(session))));
    expect(queriedFor).toEqual(["0", "64", "128", "192"]);
  });

  it("fails with the query that it was part of, and is well afterwards", async () => {
    const session = await newSession();
    const { checks } = watched((count) =>
      count === 1 ? Promise.reject(new Error("broken")) : Promise.resolve(),
    );
    const together = await Promise.allSettled([checks.secondsLeft(session), checks.secondsLeft(session)]);
    expect(together.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await checks.secondsLeft(session)).toBeGreaterThan(0);
  });
});
