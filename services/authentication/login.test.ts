import { randomUUID } from "node:crypto";
import type * as crypto from "node:crypto";
import { decodeProtectedHeader, decodeJwt } from "jose";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { TestAuthentication, Tokens } from "./testing.ts";
import { post, refresh, signIn, testAuthentication, validate } from "./testing.ts";

const argon2Calls = vi.hoisted((): object[] => []);

/** The real argon2, whose parameters are written down: what a login costs is what these say. */
vi.mock("node:crypto", async (importOriginal) => {
  const original = await importOriginal<typeof crypto>();
  const argon2: typeof original.argon2 = (algorithm, parameters, callback) => {
    const { message, nonce, ...cost } = parameters;
    argon2Calls.push({ algorithm, ...cost });
    original.argon2(algorithm, parameters, callback);
  };
  return { ...original, argon2 };
});

const credentials = { username: "alice", password: "correct horse" };
let service: TestAuthentication;
let tokens: Tokens;
let userId: string;

beforeAll(async () => {
  service = await testAuthentication();
  const answer = await post(service.app, "/authentication/registration", credentials);
  userId = ((await answer.json()) as { id: string }).id;
  tokens = await signIn(service.app, credentials);
});
afterAll(() => service.drop());
afterEach(() => vi.useRealTimers());

const login = (body: unknown, headers = {}) => post(service.app, "/authentication/login", body, headers);
const check = (headers: Record<string, string>) => service.app.request("/validate", { headers });

describe("login", () => {
  it("sets both tokens in cookies that only HTTPS carries and no script reads", async () => {
    const answer = await login(credentials);
    expect(answer.status).toBe(200);
    const token = String.raw`[\w-]+\.[\w-]+\.[\w-]+`;
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        new RegExp(`^jwt=${token}; Max-Age=900; Path=/; HttpOnly; Secure; SameSite=Strict$`),
      ),
      expect.stringMatching(
        /^refresh=[\w-]{43}; Max-Age=3600; Path=\/authentication\/refresh; HttpOnly; Secure; SameSite=Strict$/,
      ),
    ]);
  });

  it("tells who signed in and how long the token lives, but neither token", async () => {
    expect(await (await login(credentials)).json()).toEqual({
      id: userId,
      username: "alice",
      expiresIn: 900,
    });
  });

  it("gives a token of RFC 9068 that names the user and the session, and nothing personal", () => {
    expect(decodeProtectedHeader(tokens.jwt)).toEqual({
      alg: "ES256",
      typ: "at+jwt",
      kid: expect.any(String) as string,
    });
    const claims = decodeJwt(tokens.jwt);
    expect(Object.keys(claims).sort()).toEqual(["aud", "exp", "iat", "iss", "jti", "sid", "sub"]);
    expect(claims).toMatchObject({ sub: userId, iss: "gatehouse", aud: "gatehouse" });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(900);
  });

  it("answers an unknown user and a wrong password with the same bytes, at the same cost", async () => {
    const headers = { "x-request-id": "the-same" };
    const told: unknown[] = [];
    for (const username of ["alice", "nobody-here"]) {
      argon2Calls.length = 0;
      const answer = await login({ username, password: "not the password" }, headers);
      told.push([answer.status, [...answer.headers], await answer.text(), [...argon2Calls]]);
    }
    expect(told[0]).toEqual([
      401,
      expect.anything(),
      expect.stringContaining("invalid_credentials"),
      [{ algorithm: "argon2id", memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 }],
    ]);
    expect(told[1]).toEqual(told[0]);
  });

  it("does not take a user's name with another's password", async () => {
    await post(service.app, "/authentication/registration", { username: "bob", password: "battery staple" });
    expect((await login({ username: "bob", password: credentials.password })).status).toBe(401);
  });

  it("forgets the user's sessions that have run out, and no others", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - 2 * 3600 * 1000 });
    await signIn(service.app, credentials);
    vi.useRealTimers();
    const sessions = () => service.db.selectFrom("sessions").select("expires_at").execute();
    expect((await sessions()).filter((row) => row.expires_at.getTime() < Date.now())).toHaveLength(1);
    await signIn(service.app, credentials);
    expect((await sessions()).filter((row) => row.expires_at.getTime() < Date.now())).toHaveLength(0);
    expect(await validate(service.app, tokens.jwt)).toBe(200);
  });
});

describe("the gateway's check", () => {
  it("names the user of a token in the Authorization header or in the cookie", async () => {
    for (const headers of [
      { authorization: `Bearer ${tokens.jwt}` },
      { authorization: `bearer ${tokens.jwt}` },
      { cookie: `jwt=${tokens.jwt}` },
      { cookie: `theme=dark; jwt=${tokens.jwt}; lang=en` },
    ]) {
      const answer = await check(headers);
      expect([answer.status, answer.headers.get("x-user-id"), await answer.text()]).toEqual([
        200,
        userId,
        "",
      ]);
    }
  });

  it.each([
    ["no token", {}],
    ["an empty Authorization header beside a good cookie", { authorization: "" }],
    ["another scheme beside a good cookie", { authorization: "Basic YWxpY2U6eA==" }],
    ["a bad bearer token beside a good cookie", { authorization: "Bearer a.b.c" }],
    ["two tokens in one header", { authorization: "Bearer a.b.c, Bearer d.e.f" }],
  ])("refuses %s, with a challenge", async (what, headers) => {
    const cookie = what.includes("cookie") ? { cookie: `jwt=${tokens.jwt}` } : {};
    const answer = await check({ ...headers, ...cookie });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toBe('Bearer realm="gatehouse"');
    expect(answer.headers.get("x-user-id")).toBeNull();
    expect(await answer.json()).toMatchObject({ code: "unauthenticated" });
  });

  it("lets a good bearer token decide over a bad cookie", async () => {
    expect((await check({ authorization: `Bearer ${tokens.jwt}`, cookie: "jwt=a.b.c" })).status).toBe(200);
  });

  it("does not believe an identity that the request brings", async () => {
    expect((await check({ "x-user-id": userId })).status).toBe(401);
    const answer = await check({ authorization: `Bearer ${tokens.jwt}`, "x-user-id": randomUUID() });
    expect(answer.headers.get("x-user-id")).toBe(userId);
  });

  it("refuses a token from its 900th second on", async () => {
    const { iat = 0 } = decodeJwt(tokens.jwt);
    vi.useFakeTimers({ toFake: ["Date"], now: (iat + 899) * 1000 });
    expect(await validate(service.app, tokens.jwt)).toBe(200);
    vi.setSystemTime((iat + 900) * 1000);
    expect(await validate(service.app, tokens.jwt)).toBe(401);
  });

  it("refuses the token of a session that has run out, though the token has not", async () => {
    const short = await service.replica({ sessionLifetime: -1 });
    expect(await validate(service.app, (await signIn(short, credentials)).jwt)).toBe(401);
  });

  it("takes a refresh token for none of its own", async () => {
    expect(await validate(service.app, tokens.refresh)).toBe(401);
  });
});

describe("whoami", () => {
  const whoami = (headers: Record<string, string>) =>
    service.app.request("/authentication/whoami", { headers });

  it("answers with the user whom the gateway names", async () => {
    const answer = await whoami({ "x-user-id": userId });
    expect([answer.status, await answer.json()]).toEqual([200, { id: userId, username: "alice" }]);
  });

  it.each([
    ["nobody", {}],
    ["a user who is gone", { "x-user-id": randomUUID() }],
    ["something that is no id", { "x-user-id": "alice" }],
    ["two users", { "x-user-id": `${randomUUID()}, ${randomUUID()}` }],
  ])("answers 401 where it names %s", async (_who, headers) => {
    const answer = await whoami(headers);
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toContain("Bearer");
  });
});

describe("logout", () => {
  const logout = (jwt: string, user: string) =>
    post(service.app, "/authentication/logout", undefined, {
      "x-user-id": user,
      authorization: `Bearer ${jwt}`,
    });

  it("ends the session on every replica, clears the cookies, and leaves other sessions alone", async () => {
    const replica = await service.replica();
    const ended = await signIn(service.app, credentials);
    expect(await validate(replica, ended.jwt)).toBe(200);

    const answer = await logout(ended.jwt, userId);
    expect(answer.status).toBe(204);
    expect(answer.headers.getSetCookie()).toEqual([
      "jwt=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict",
      "refresh=; Max-Age=0; Path=/authentication/refresh; HttpOnly; Secure; SameSite=Strict",
    ]);
    expect(await validate(replica, ended.jwt)).toBe(401);
    expect((await refresh(replica, ended.refresh)).status).toBe(401);
    expect(await validate(replica, tokens.jwt)).toBe(200);
  });

  it("ends no session of somebody else", async () => {
    expect((await logout(tokens.jwt, randomUUID())).status).toBe(401);
    expect(await validate(service.app, tokens.jwt)).toBe(200);
  });
});
