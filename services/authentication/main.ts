import { readFileSync } from "node:fs";
import { z } from "zod";
import { createBase } from "../shared/base.ts";
import { databaseEnvironment, readEnvironment, serviceEnvironment } from "../shared/config.ts";
import { awaitDatabase, openDatabase } from "../shared/database.ts";
import { ACCESS_TOKEN_SECONDS } from "../shared/lifetimes.ts";
import { serve } from "../shared/server.ts";
import { createApp } from "./app.ts";
import type { AuthenticationDatabase } from "./database.ts";
import { limitEnvironment, openLimiter } from "./limits/environment.ts";
import { Revocations } from "./revocations.ts";
import { AT_ONCE as CHECKS_AT_ONCE, SessionChecks } from "./session-checks.ts";
import { createAccessTokens } from "./tokens.ts";

const seconds = z.coerce.number().int().min(1);

const environment = readEnvironment(
  serviceEnvironment
    .extend(databaseEnvironment.shape)
    .extend(limitEnvironment.shape)
    .extend({
      /** JSON Web Key Set: the first key signs, all are accepted. */
      SIGNING_KEYS_FILE: z.string().min(1),
      TOKEN_ISSUER: z.string().default("gatehouse"),
      TOKEN_AUDIENCE: z.string().default("gatehouse"),
      ACCESS_TOKEN_SECONDS: seconds.default(ACCESS_TOKEN_SECONDS),
      SESSION_SECONDS: seconds.default(30 * 24 * 60 * 60),
      /** How long gateways may remember that a session goes on without asking; 0 where they do not remember. */
      REVOCATION_LEASE_MS: z.coerce.number().int().min(0).max(5_000).default(0),
    }),
);
const base = await createBase("authentication", environment);
const db = openDatabase<AuthenticationDatabase>("authentication", environment, base);
// Of their own, so that no flood of logins makes the gateway's checks wait for a connection.
const checks = openDatabase<AuthenticationDatabase>(
  "authentication",
  { ...environment, DATABASE_POOL_SIZE: CHECKS_AT_ONCE },
  base,
  { pool: "checks" },
);
const tokens = await createAccessTokens(readFileSync(environment.SIGNING_KEYS_FILE, "utf8"), {
  issuer: environment.TOKEN_ISSUER,
  audience: environment.TOKEN_AUDIENCE,
  lifetime: environment.ACCESS_TOKEN_SECONDS,
});
const limiter = await openLimiter(environment, base);
const app = createApp({
  ...base,
  db,
  sessions: new SessionChecks(checks),
  revocations: new Revocations({ db, checks }, environment.REVOCATION_LEASE_MS),
  tokens,
  sessionLifetime: environment.SESSION_SECONDS,
  limiter,
});
await awaitDatabase(db, base.logger);
await serve(app, {
  ...base,
  close: [() => limiter?.close() ?? Promise.resolve(), () => checks.destroy(), () => db.destroy()],
});
