import { generateKeyPairSync, randomUUID } from "node:crypto";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Kysely } from "kysely";
import { z } from "zod";
import { Health } from "../shared/health.ts";
import { createLogger } from "../shared/logging.ts";
import { Metrics } from "../shared/metrics.ts";
import { testDatabase } from "../shared/testing.ts";
import { createApp } from "./app.ts";
import type { AuthenticationDatabase } from "./database.ts";
import type { Limiter } from "./limits/limiter.ts";
import { migrations } from "./migrations.ts";
import { Revocations } from "./revocations.ts";
import { SessionChecks } from "./session-checks.ts";
import { createAccessTokens } from "./tokens.ts";

const LIFETIME = 900;

const privateKey = z.object({
  kty: z.literal("EC"),
  crv: z.literal("P-256"),
  x: z.string(),
  y: z.string(),
  d: z.string(),
});
export type TestKey = z.infer<typeof privateKey> & { kid: string };

/** A new private key for ES256, as a JSON Web Key. */
export function newKey(kid: string = randomUUID()): TestKey {
  const { privateKey: key } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { ...privateKey.parse(key.export({ format: "jwk" })), kid };
}

/** The service in memory, on a database of its own, called as the gateway calls it. */
export interface TestAuthentication {
  readonly app: OpenAPIHono;
  readonly db: Kysely<AuthenticationDatabase>;
  /** The app's; replicas have their own. */
  readonly metrics: Metrics;
  /** One more replica: another app over the same database, with the same keys. */
  replica(options?: { sessionLifetime?: number }): Promise<OpenAPIHono>;
  drop(): Promise<void>;
}

export async function testAuthentication({
  limiter,
  lease = 0,
}: { limiter?: Limiter; lease?: number } = {}): Promise<TestAuthentication> {
  const { db, drop } = await testDatabase<AuthenticationDatabase>(migrations);
  const keys = JSON.stringify({ keys: [newKey()] });
  const metrics = new Metrics("authentication");
  const replica = async ({ sessionLifetime = 3600 } = {}, own = new Metrics("authentication")) =>
    createApp({
      logger: createLogger("authentication", "silent"),
      metrics: own,
      health: new Health(),
      drills: false,
      callerOf: () => "gateway",
      db,
      sessions: new SessionChecks(db),
      revocations: new Revocations({ db, checks: db }, lease),
      tokens: await createAccessTokens(keys, {
        issuer: "gatehouse",
        audience: "gatehouse",
        lifetime: LIFETIME,
      }),
      sessionLifetime,
      limiter,
    });
  return { app: await replica({}, metrics), db, metrics, replica, drop };
}

/** Posts JSON; a body of undefined is none. */
export async function post(
  app: OpenAPIHono,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return app.request(path, {
    method: "POST",
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** What a signed-in client holds. */
export interface Tokens {
  readonly jwt: string;
  readonly refresh: string;
}

/** The tokens in an answer's cookies; empty where it sets none. */
export function tokensIn(response: Response): Tokens {
  const value = (name: string) =>
    response.headers
      .getSetCookie()
      .find((cookie) => cookie.startsWith(`${name}=`))
      ?.slice(name.length + 1)
      .split(";")[0] ?? "";
  return { jwt: value("jwt"), refresh: value("refresh") };
}

export async function signIn(
  app: OpenAPIHono,
  credentials: { username: string; password: string },
): Promise<Tokens> {
  const answer = await post(app, "/authentication/login", credentials);
  if (answer.status !== 200) throw new Error(`login answered ${answer.status}: ${await answer.text()}`);
  return tokensIn(answer);
}

/** The status of the gateway's check of an access token. */
export async function validate(app: OpenAPIHono, jwt: string): Promise<number> {
  return (await app.request("/validate", { headers: { authorization: `Bearer ${jwt}` } })).status;
}

export async function refresh(app: OpenAPIHono, refreshToken: string): Promise<Response> {
  return post(app, "/authentication/refresh", { refreshToken });
}
