import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSession } from "./sessions.ts";
import type { TestAuthentication } from "./testing.ts";
import { post, refresh, testAuthentication, tokensIn, validate } from "./testing.ts";
import { insertUser } from "./users.ts";

const LEASE = 300;
let service: TestAuthentication;
let userId: string;

beforeAll(async () => {
  service = await testAuthentication({ lease: LEASE });
  ({ id: userId } = await insertUser(service.db, { username: "alice", passwordHash: "never used" }));
});
afterAll(() => service.drop());

/** A new session with an access token of it. */
async function newSession() {
  const grant = await startSession(service.db, userId, 3600);
  const { jwt, refresh: newest } = tokensIn(await refresh(service.app, grant.refreshToken));
  return { sessionId: grant.sessionId, jwt, used: grant.refreshToken, newest };
}

const check = (jwt: string) =>
  service.app.request("/validate", { headers: { authorization: `Bearer ${jwt}` } });
const logout = (jwt: string) =>
  post(service.app, "/authentication/logout", undefined, {
    authorization: `Bearer ${jwt}`,
    "x-user-id": userId,
  });

async function told(app = service.app) {
  const answer = await app.request("/revocations");
  expect(answer.status).toBe(200);
  return (await answer.json()) as { leaseMilliseconds: number; sessions: string[]; keys: string };
}

/** Looks at a session again and again until something was answered; the milliseconds from its end to the answer. */
async function fromEndToAnswer(jwt: string, answer: Promise<Response>): Promise<number> {
  let answered = false;
  void answer.then(() => (answered = true));
  while ((await validate(service.app, jwt)) === 200) expect(answered).toBe(false);
  const ended = performance.now();
  await answer;
  return performance.now() - ended;
}

describe("for gateways that remember sessions", () => {
  it("the check says which session it is, for how long, and by which keys", async () => {
    const { jwt, sessionId } = await newSession();
    const { headers } = await check(jwt);
    expect(headers.get("x-session-id")).toBe(sessionId);
    expect(headers.get("x-key-set")).toBe((await told()).keys);
    const [, seconds] = /^private, max-age=(\d+)$/.exec(headers.get("cache-control") ?? "") ?? [];
    expect(Number(seconds)).toBeGreaterThan(890);
    expect(Number(seconds)).toBeLessThanOrEqual(900);
  });

  it("an answer is never good for longer than the session, by the database's clock", async () => {
    const { jwt, sessionId } = await newSession();
    await service.db
      .updateTable("sessions")
      .set({ expires_at: sql<Date>`now() + interval '7 seconds'` })
      .where("id", "=", sessionId)
      .execute();
    expect((await check(jwt)).headers.get("cache-control")).toBe("private, max-age=6");
  });

  it("a refusal says nothing to remember", async () => {
    const { headers } = await check("a.b.c");
    for (const name of ["cache-control", "x-session-id", "x-key-set"]) expect(headers.get(name)).toBeNull();
  });

  it("a logout is answered once every lease from before it has run out, and is told meanwhile", async () => {
    const { jwt, sessionId } = await newSession();
    expect((await told()).sessions).not.toContain(sessionId);
    const answer = logout(jwt);
    expect(await fromEndToAnswer(jwt, answer)).toBeGreaterThan(LEASE);
    expect((await answer).status).toBe(204);
    expect(await told()).toMatchObject({ leaseMilliseconds: LEASE });
    expect((await told()).sessions).toContain(sessionId);
  });

  it("so is the end that a refresh token's second use brings", async () => {
    const { jwt, sessionId, used } = await newSession();
    const answer = refresh(service.app, used);
    expect(await fromEndToAnswer(jwt, answer)).toBeGreaterThan(LEASE);
    expect((await answer).status).toBe(401);
    expect((await told()).sessions).toContain(sessionId);
  });

  it("an end is told for 20 seconds, and again where somebody ends the session again", async () => {
    const { jwt, sessionId } = await newSession();
    const endedAgo = (time: string) =>
      service.db
        .updateTable("sessions")
        .set({ ended_at: sql<Date>`now() - ${sql.lit(time)}::interval` })
        .where("id", "=", sessionId)
        .execute();
    await endedAgo("19 seconds");
    expect((await told()).sessions).toContain(sessionId);
    await endedAgo("21 seconds");
    expect((await told()).sessions).not.toContain(sessionId);
    expect((await logout(jwt)).status).toBe(204);
    expect((await told()).sessions).toContain(sessionId);
  });

  it("replicas with the same keys name them alike", async () => {
    expect((await told(await service.replica())).keys).toBe((await told()).keys);
  });
});

describe("where no gateway remembers sessions", () => {
  it("nothing is said of them, and nobody waits", async () => {
    const plain = await testAuthentication();
    try {
      const user = await insertUser(plain.db, { username: "bob", passwordHash: "never used" });
      const { refreshToken } = await startSession(plain.db, user.id, 3600);
      const { jwt } = tokensIn(await refresh(plain.app, refreshToken));
      const authorization = `Bearer ${jwt}`;
      expect((await plain.app.request("/revocations")).status).toBe(404);
      const { headers } = await plain.app.request("/validate", { headers: { authorization } });
      for (const name of ["cache-control", "x-session-id", "x-key-set"]) expect(headers.get(name)).toBeNull();
      const start = performance.now();
      const ended = await post(plain.app, "/authentication/logout", undefined, {
        authorization,
        "x-user-id": user.id,
      });
      expect(ended.status).toBe(204);
      expect(performance.now() - start).toBeLessThan(LEASE);
    } finally {
      await plain.drop();
    }
  });
});
