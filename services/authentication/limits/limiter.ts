import {
  BrokenCircuitError,
  circuitBreaker,
  ConsecutiveBreaker,
  handleAll,
  timeout,
  TimeoutStrategy,
  wrap,
} from "cockatiel";
import type { LimitPolicy } from "../../shared/limit-policies.ts";
import type { Logger } from "../../shared/logging.ts";
import { Problem } from "../../shared/problem.ts";
import type { Bucket, Step } from "./gcra.ts";
import { bucketOf, step } from "./gcra.ts";
import type { BucketMemory } from "./memory.ts";
import type { LimitStore } from "./store.ts";

/**
 * What happens to requests while the store does not answer.
 * - `local`: each process goes on by what it remembers, and takes each request as often as there may be processes, as
 *   if all others admitted as much. Together they stay within the limit, but for what one process does not know of
 *   because another asked the store; one alone grants its part of it.
 * - `open`: all requests pass.
 * - `closed`: none does.
 */
export type StoreFailure = "local" | "open" | "closed";

/** What was decided about one request, for whoever counts. */
export interface Decision {
  readonly policy: string;
  readonly outcome: "allowed" | "refused";
  /** Whether it was decided without the store, because the store did not answer. */
  readonly degraded: boolean;
}

export interface Verdict {
  readonly allowed: boolean;
  readonly policy: LimitPolicy;
  readonly bucket: Bucket;
  /** As in {@link Step}. */
  readonly level: number;
}

export interface LimiterOptions {
  readonly store: LimitStore;
  readonly memory: BucketMemory;
  readonly policies: ReadonlyMap<string, LimitPolicy>;
  readonly storeFailure: StoreFailure;
  /** The most processes that ask the same store. */
  readonly processes: number;
  /** Milliseconds that the store may take to answer. */
  readonly timeout: number;
  readonly logger: Pick<Logger, "warn" | "info">;
  readonly observe?: ((decision: Decision) => void) | undefined;
}

/** Counts requests of clients by policies. */
export interface Limiter {
  /**
   * Takes one request from a client's bucket.
   * @param client whose bucket it is: a user or a source
   * @param policy name of a policy of the catalog
   * @throws Problem `validation_failed` for a policy that there is not, `unavailable` without a store where failure is `closed`
   */
  take(client: string, policy: string): Promise<Verdict>;
  /** Whether the store answered when it was last asked. */
  readonly storeAnswers: boolean;
  close(): Promise<void>;
}

/** Failures in a row after which the store is not asked, and milliseconds until one request tries again. */
const BREAKER_FAILURES = 3;
const BREAKER_PAUSE = 1_000;

/** The exact limiter: one store counts for all processes, and each of them can do without it for a while. */
export function createLimiter(options: LimiterOptions): Limiter {
  const { store, memory, policies, storeFailure, processes, logger } = options;
  const buckets = new Map([...policies].map(([name, policy]) => [name, bucketOf(policy)] as const));
  const breaker = circuitBreaker(handleAll, {
    halfOpenAfter: BREAKER_PAUSE,
    breaker: new ConsecutiveBreaker(BREAKER_FAILURES),
  });
  let storeAnswers = true;
  breaker.onBreak((reason) => {
    storeAnswers = false;
    const failure = "error" in reason ? { err: reason.error } : {};
    logger.warn({ ...failure, storeFailure }, "the limit store does not answer");
  });
  breaker.onReset(() => {
    storeAnswers = true;
    logger.info("the limit store answers");
  });
  const guard = wrap(breaker, timeout(options.timeout, TimeoutStrategy.Aggressive));

  return {
    async take(client, name) {
      const policy = policies.get(name);
      const bucket = buckets.get(name);
      if (policy === undefined || bucket === undefined)
        throw new Problem("validation_failed", { errors: [{ field: "limit", message: "no such policy" }] });
      const key = `${name} ${client}`;
      const { degraded, ...result } = await stepOf(key, bucket);
      options.observe?.({ policy: name, outcome: result.allowed ? "allowed" : "refused", degraded });
      return { ...result, policy, bucket };
    },
    get storeAnswers() {
      return storeAnswers;
    },
    close: () => store.close(),
  };

  async function stepOf(key: string, bucket: Bucket): Promise<Step & { degraded: boolean }> {
    const cost = bucket.interval;
    const floor = memory.level(key);
    const known = step(bucket, floor, cost);
    // What this process knows is the least that was used: a refusal holds until then, and costs the store nothing.
    if (!known.allowed) return { ...known, degraded: false };
    // Noted before the store is asked, so that the way there and back does not count against the client.
    const asked = memory.now;
    try {
      const result = await guard.execute(() => store.take({ key, bucket, cost, floor }));
      memory.remember(key, bucket, result.level, asked);
      return { ...result, degraded: false };
    } catch (error) {
      if (!(error instanceof BrokenCircuitError)) logger.warn({ err: error }, "the limit store failed");
      return { ...withoutStore(key, bucket), degraded: true };
    }
  }

  function withoutStore(key: string, bucket: Bucket): Step {
    if (storeFailure === "closed") throw new Problem("unavailable", { headers: { "retry-after": "1" } });
    const level = memory.level(key);
    if (storeFailure === "open") return { allowed: true, level };
    const result = step(bucket, level, bucket.interval * Math.min(processes, bucket.full / bucket.interval));
    if (result.allowed) memory.remember(key, bucket, result.level, memory.now);
    return result;
  }
}
