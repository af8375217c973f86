import { createRoute } from "@hono/zod-openapi";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Kysely } from "kysely";
import type { AppDependencies } from "../shared/app.ts";
import { createServiceApp } from "../shared/app.ts";
import { sourceOf, userIdOf } from "../shared/identity.ts";
import { Problem, problemResponses, unauthenticated } from "../shared/problem.ts";
import { accessTokenOf, clearTokenCookies, refreshTokenOf, setTokenCookies } from "./cookies.ts";
import type { AuthenticationDatabase } from "./database.ts";
import * as forGateway from "./gateway-routes.ts";
import { countRequest } from "./limits/answers.ts";
import type { Limiter } from "./limits/limiter.ts";
import { authenticationMetrics } from "./metrics.ts";
import { hashPassword } from "./passwords.ts";
import type { Revocations } from "./revocations.ts";
import { credentials, refreshRequest, session, user } from "./schemas.ts";
import type { SessionChecks } from "./session-checks.ts";
import type { SessionGrant } from "./sessions.ts";
import { rotateRefreshToken, startSession } from "./sessions.ts";
import type { AccessTokens, Seconds, VerifiedClaims } from "./tokens.ts";
import { throttled } from "./throttle.ts";
import type { User } from "./users.ts";
import { findUser, findUserByPassword, insertUser, usernameKey } from "./users.ts";

export interface AuthenticationDependencies extends AppDependencies {
  readonly db: Kysely<AuthenticationDatabase>;
  readonly sessions: Pick<SessionChecks, "secondsLeft">;
  readonly revocations: Pick<Revocations, "lease" | "end" | "recent">;
  readonly tokens: AccessTokens;
  readonly sessionLifetime: Seconds;
  /** Counts requests for all gateways; without it the gateways do so themselves, or nobody does. */
  readonly limiter?: Limiter | undefined;
}

/** Users, their sessions and tokens, and the gateway's check of every request. */
export function createApp(dependencies: AuthenticationDependencies): OpenAPIHono {
  const { db, sessions, revocations, tokens, sessionLifetime, limiter } = dependencies;
  const app = createServiceApp("authentication", dependencies);
  const metrics = authenticationMetrics(dependencies.metrics);

  app.openapi(registration, async (c) => {
    const { username, password } = c.req.valid("json");
    const created = await insertUser(db, { username, passwordHash: await hashPassword(password) });
    return c.json(created, 201);
  });

  app.openapi(login, async (c) => {
    const { username, password } = c.req.valid("json");
    const attempt = { usernameKey: usernameKey(username), source: sourceOf(c) };
    const look = () => findUserByPassword(db, username, password);
    const found = await throttled(db, attempt, look).catch((error: unknown) => {
      if (error instanceof Problem && error.code === "too_many_logins") metrics.login("throttled");
      throw error;
    });
    if (found === undefined) {
      metrics.login("invalid");
      throw new Problem("invalid_credentials");
    }
    const grant = await startSession(db, found.id, sessionLifetime);
    metrics.login("success");
    return answerWithTokens(c, found, grant);
  });

  app.openapi(refresh, async (c) => {
    const token = c.req.valid("json").refreshToken ?? refreshTokenOf(c);
    const grant = token === undefined ? "unknown" : await rotateRefreshToken(db, token);
    if (grant === "unknown") throw refreshRefused();
    if ("reusedIn" in grant) {
      await revocations.end(grant.reusedIn);
      metrics.sessionEnded("reuse");
      throw refreshRefused();
    }
    const owner = await findUser(db, grant.userId);
    if (owner === undefined) throw refreshRefused();
    return answerWithTokens(c, owner, grant);
  });

  app.openapi(whoami, async (c) => {
    const found = await findUser(db, userIdOf(c));
    if (found === undefined) throw unauthenticated();
    return c.json(found, 200);
  });

  app.openapi(logout, async (c) => {
    const claims = await claimsOf(c);
    if (claims?.userId !== userIdOf(c)) throw unauthenticated();
    await revocations.end(claims.sessionId);
    metrics.sessionEnded("logout");
    clearTokenCookies(c);
    return c.body(null, 204);
  });

  app.openapi(forGateway.validate, async (c) => {
    const claims = await claimsOf(c);
    const left = claims === undefined ? 0 : await sessions.secondsLeft(claims);
    const active = claims !== undefined && left > 0;
    // A token that is refused counts against the source: guessing ends, and no owner of an ended session pays for it.
    await countIfLimited(c, c.req.valid("query").limit, active ? claims.userId : undefined);
    if (!active) throw unauthenticated(claims === undefined ? undefined : "The session has ended.");
    c.header("x-user-id", claims.userId);
    if (revocations.lease > 0) tellWhatToRemember(c, claims, left);
    return c.body(null, 200, NOTHING);
  });

  app.openapi(forGateway.revocations, async (c) => {
    if (revocations.lease === 0) throw new Problem("not_found");
    c.set("routine", true);
    const ended = await revocations.recent();
    return c.json({ leaseMilliseconds: revocations.lease, sessions: ended, keys: tokens.fingerprint }, 200);
  });

  app.openapi(forGateway.limit, async (c) => {
    await countIfLimited(c, c.req.valid("query").limit, undefined);
    return c.body(null, 200, NOTHING);
  });

  async function claimsOf(c: Context) {
    const token = accessTokenOf(c);
    return token === undefined ? undefined : await tokens.verify(token);
  }

  /** For how long a gateway may go by this answer, while it hears of the sessions that end and the keys stay. */
  function tellWhatToRemember(c: Context, { sessionId, end }: VerifiedClaims, left: Seconds) {
    const seconds = Math.floor(Math.min(left, end - Date.now() / 1000));
    c.header("cache-control", `private, max-age=${Math.max(0, seconds)}`);
    c.header("x-session-id", sessionId);
    c.header("x-key-set", tokens.fingerprint);
  }

  async function countIfLimited(c: Context, policy: string | undefined, userId: string | undefined) {
    if (limiter !== undefined && policy !== undefined)
      await countRequest(c, limiter, { limit: policy, userId });
  }

  async function answerWithTokens(c: Context, owner: User, grant: SessionGrant) {
    const token = await tokens.sign(grant);
    setTokenCookies(
      c,
      { token, lifetime: tokens.lifetime },
      { token: grant.refreshToken, lifetime: sessionLifetime },
    );
    return c.json({ id: owner.id, username: owner.username, expiresIn: tokens.lifetime }, 200);
  }

  return app;
}

const refreshRefused = () => unauthenticated("The refresh token is not valid.");

/** Said outright, for some gateways leave a body unread that might be empty, and with it the connection unused. */
const NOTHING = { "content-length": "0" };

const registration = createRoute({
  method: "post",
  path: "/authentication/registration",
  summary: "Create a user",
  request: { body: { required: true, content: { "application/json": { schema: credentials } } } },
  responses: {
    201: { description: "The new user", content: { "application/json": { schema: user } } },
    ...problemResponses(
      "malformed_request",
      "validation_failed",
      "username_taken",
      "body_too_large",
      "unsupported_media_type",
    ),
  },
});

const login = createRoute({
  method: "post",
  path: "/authentication/login",
  summary: "Sign in: sets the cookies `jwt` and `refresh`",
  request: { body: { required: true, content: { "application/json": { schema: credentials } } } },
  responses: {
    200: { description: "Signed in", content: { "application/json": { schema: session } } },
    ...problemResponses(
      "malformed_request",
      "validation_failed",
      "invalid_credentials",
      "too_many_logins",
      "body_too_large",
      "unsupported_media_type",
    ),
  },
});

const refresh = createRoute({
  method: "post",
  path: "/authentication/refresh",
  summary: "Exchange the refresh token, from its cookie or the body, for new tokens; each works once",
  request: { body: { required: false, content: { "application/json": { schema: refreshRequest } } } },
  responses: {
    200: { description: "New tokens", content: { "application/json": { schema: session } } },
    ...problemResponses(
      "malformed_request",
      "validation_failed",
      "unauthenticated",
      "body_too_large",
      "unsupported_media_type",
    ),
  },
});

const whoami = createRoute({
  method: "get",
  path: "/authentication/whoami",
  summary: "The signed-in user",
  responses: {
    200: { description: "The user", content: { "application/json": { schema: user } } },
    ...problemResponses("unauthenticated"),
  },
});

const logout = createRoute({
  method: "post",
  path: "/authentication/logout",
  summary: "End the session: its tokens never work again, on any replica",
  responses: { 204: { description: "Ended" }, ...problemResponses("unauthenticated") },
});
