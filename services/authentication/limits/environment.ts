import { readFileSync } from "node:fs";
import { z } from "zod";
import { catalog } from "../../catalog.ts";
import type { DatabaseEnvironment } from "../../shared/config.ts";
import type { DatabaseObservers } from "../../shared/database.ts";
import { openDatabase } from "../../shared/database.ts";
import { limitPolicies } from "../../shared/limit-policies.ts";
import type { Logger } from "../../shared/logging.ts";
import type { AuthenticationDatabase } from "../database.ts";
import { databaseLimitStore } from "./database-store.ts";
import type { Limiter } from "./limiter.ts";
import { createLimiter } from "./limiter.ts";
import { BucketMemory } from "./memory.ts";
import { countDecisions, watchStore } from "./metrics.ts";
import type { LimitStore } from "./store.ts";

const count = z.coerce.number().int().min(1);

/** What the limiter reads. */
export const limitEnvironment = z.object({
  /** `central` counts requests here; with `off` the gateway counts for itself, or nobody does. */
  LIMITS: z.enum(["central", "off"]).default("off"),
  LIMIT_REQUESTS_PER_MINUTE: z.coerce.number().positive().default(20),
  LIMIT_BURST: count.default(40),
  LIMIT_STORE_FAILURE: z.enum(["local", "open", "closed"]).default("local"),
  /** The most processes that ask the same store. */
  LIMIT_PROCESSES: count.default(3),
  /** Milliseconds that the store may take to answer. */
  LIMIT_STORE_TIMEOUT_MS: count.max(5_000).default(100),
  /** A Redis; without it the counts are in the service's own database. */
  LIMIT_STORE_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  LIMIT_STORE_CA_FILE: z.string().min(1).optional(),
  LIMIT_STORE_PASSWORD_FILE: z.string().min(1).optional(),
});
export type LimitEnvironment = z.infer<typeof limitEnvironment>;

/** Buckets that a process remembers; some 4 MiB. */
const REMEMBERED = 20_000;

/** Who is told how the limiter is. */
export type LimitObservers = DatabaseObservers & { readonly logger: Logger };

/** The limiter that the environment asks for; undefined where requests are not counted here. */
export async function openLimiter(
  environment: LimitEnvironment & DatabaseEnvironment,
  observers: LimitObservers,
): Promise<Limiter | undefined> {
  if (environment.LIMITS === "off") return undefined;
  const memory = new BucketMemory(REMEMBERED);
  const limiter = createLimiter({
    store: await openStore(environment, memory, observers),
    memory,
    policies: limitPolicies(catalog, {
      requestsPerMinute: environment.LIMIT_REQUESTS_PER_MINUTE,
      burst: environment.LIMIT_BURST,
    }),
    storeFailure: environment.LIMIT_STORE_FAILURE,
    processes: environment.LIMIT_PROCESSES,
    timeout: environment.LIMIT_STORE_TIMEOUT_MS,
    logger: observers.logger,
    observe: countDecisions(observers.metrics),
  });
  watchStore(observers.metrics, limiter);
  return limiter;
}

async function openStore(
  environment: LimitEnvironment & DatabaseEnvironment,
  memory: BucketMemory,
  observers: LimitObservers,
): Promise<LimitStore> {
  const { LIMIT_STORE_URL: url, LIMIT_STORE_CA_FILE: ca, LIMIT_STORE_PASSWORD_FILE: password } = environment;
  const timeout = environment.LIMIT_STORE_TIMEOUT_MS;
  if (url === undefined) {
    return databaseLimitStore(
      openDatabase<AuthenticationDatabase>("authentication", environment, observers, {
        isolation: "read committed",
        statementTimeout: timeout,
        pool: "limits",
      }),
    );
  }
  // The client of Redis is as large as all else that the service consists of: it is loaded where there is one to ask.
  const { redisLimitStore } = await import("./redis-store.ts");
  return redisLimitStore({
    url,
    ca: ca === undefined ? undefined : readFileSync(ca, "utf8"),
    password: password === undefined ? undefined : readFileSync(password, "utf8").trim(),
    logger: observers.logger,
    remembered: () => memory.known(),
  });
}
