import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { startSession } from "./sessions.ts";
import type { TestAuthentication, Tokens } from "./testing.ts";
import { post, refresh, testAuthentication, tokensIn, validate } from "./testing.ts";
import { insertUser } from "./users.ts";

let service: TestAuthentication;
let userId: string;

beforeAll(async () => {
  service = await testAuthentication();
  userId = (await insertUser(service.db, { username: "alice", passwordHash: "never used" })).id;
});
afterAll(() => service.drop());
afterEach(() => vi.useRealTimers());

/** The first refresh token of a new session, as a login gives it, for tests that need no password. */
const newSession = async () => (await startSession(service.db, userId, 3600)).refreshToken;

const rotate = async (refreshToken: string): Promise<Tokens> => {
  const answer = await refresh(service.app, refreshToken);
  expect(answer.status).toBe(200);
  return tokensIn(answer);
};

describe("a refresh token", () => {
  it("is exchanged for a new pair, in cookies like those of a login", async () => {
    const first = await newSession();
    const answer = await refresh(service.app, first);
    expect(await answer.json()).toEqual({ id: userId, username: "alice", expiresIn: 900 });
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^jwt=[\w.-]+; Max-Age=900; Path=\/; HttpOnly; Secure; SameSite=Strict$/),
      expect.stringMatching(
        /^refresh=[\w-]{43}; Max-Age=3600; Path=\/authentication\/refresh; HttpOnly; Secure; SameSite=Strict$/,
      ),
    ]);
    const next = tokensIn(answer);
    expect(next.refresh).not.toBe(first);
    expect(await validate(service.app, next.jwt)).toBe(200);
    await rotate(next.refresh);
  });

  it("comes in the cookie or in the body, which decides over the cookie", async () => {
    const byCookie = (token: string, body?: unknown) =>
      post(service.app, "/authentication/refresh", body, { cookie: `refresh=${token}` });
    expect((await byCookie(await newSession())).status).toBe(200);
    expect((await byCookie(await newSession(), {})).status).toBe(200);
    expect((await byCookie(await newSession(), { refreshToken: "unknown" })).status).toBe(401);
    expect((await byCookie("unknown", { refreshToken: await newSession() })).status).toBe(200);
  });

  it("that is used again ends the whole family: every access and refresh token of the session", async () => {
    const stolen = await newSession();
    const second = await rotate(stolen);
    const third = await rotate(second.refresh);
    expect(await validate(service.app, second.jwt)).toBe(200);

    expect((await refresh(service.app, stolen)).status).toBe(401);
    expect(await validate(service.app, second.jwt)).toBe(401);
    expect(await validate(service.app, third.jwt)).toBe(401);
    expect((await refresh(service.app, third.refresh)).status).toBe(401);
  });

  it("that is used again leaves the user's other sessions alone", async () => {
    const other = await rotate(await newSession());
    const stolen = await newSession();
    await rotate(stolen);
    await refresh(service.app, stolen);
    expect(await validate(service.app, other.jwt)).toBe(200);
  });

  it("that is sent many times at once works once, and the session ends as with any reuse", async () => {
    const replica = await service.replica();
    const token = await newSession();
    const answers = await Promise.all(
      [service.app, replica, service.app, replica, service.app, replica].map((app) => refresh(app, token)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401, 401, 401]);
    const [winner] = answers.filter(({ status }) => status === 200);
    expect(winner && (await validate(service.app, tokensIn(winner).jwt))).toBe(401);
  });

  it("is refused once its session has run out", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - 3601 * 1000 });
    const old = await newSession();
    vi.useRealTimers();
    expect((await refresh(service.app, old)).status).toBe(401);
  });

  it("does not lengthen its session", async () => {
    const { sessionId, refreshToken } = await startSession(service.db, userId, 3600);
    const end = () =>
      service.db
        .selectFrom("sessions")
        .select("expires_at")
        .where("id", "=", sessionId)
        .executeTakeFirstOrThrow();
    const before = await end();
    await rotate(refreshToken);
    expect(await end()).toEqual(before);
  });

  it.each([
    ["unknown", 401, { refreshToken: "x".repeat(43) }],
    ["absent", 401, {}],
    ["empty", 400, { refreshToken: "" }],
    ["endless", 400, { refreshToken: "x".repeat(201) }],
    ["a number", 400, { refreshToken: 1 }],
    ["beside an unknown field", 400, { refreshToken: "x".repeat(43), userId: "x" }],
  ])("that is %s is refused with %i", async (_what, status, body) => {
    const answer = await post(service.app, "/authentication/refresh", body);
    expect(answer.status).toBe(status);
    expect(answer.headers.getSetCookie()).toEqual([]);
    if (status === 401) expect(answer.headers.get("www-authenticate")).toContain("Bearer");
  });

  it("is kept as a hash alone", async () => {
    const token = await newSession();
    const rows = await service.db.selectFrom("refresh_tokens").selectAll().execute();
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(token);
  });
});
