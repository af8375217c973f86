import { setTimeout as sleep } from "node:timers/promises";
import { createClient, defineScript } from "@redis/client";
import type { Logger } from "../../shared/logging.ts";
import type { Step } from "./gcra.ts";
import type { KnownBucket } from "./memory.ts";
import type { LimitStore, Take } from "./store.ts";

/**
 * The step of gcra.ts by the clock of Redis, which runs one script at a time. A bucket that is further from full than
 * it can be is of a clock that was set back since, or of a larger limit: it begins anew. Keys end when the bucket is
 * full, which is the same as none.
 */
const SCRIPT = `
local time = redis.call("TIME")
local now = time[1] * 1000000 + time[2]
local cost, floor, full = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local tat = tonumber(redis.call("GET", KEYS[1]) or 0)
if tat > now + full then tat = 0 end
local start = math.max(tat, now + floor)
local next = start + cost
if next > now + full then return {0, start - now} end
if next > now then
  redis.call("SET", KEYS[1], string.format("%.0f", next), "PX", math.ceil((next - now) / 1000))
end
return {1, next - now}`;

const take = defineScript({
  SCRIPT,
  NUMBER_OF_KEYS: 1,
  parseCommand(parser, { key, cost, floor, bucket }: Take) {
    parser.pushKey(`limit ${key}`);
    parser.push(String(cost), String(floor), String(bucket.full));
  },
  transformReply: (reply: unknown): Step => {
    const [allowed, level] = reply as [number, number];
    return { allowed: allowed === 1, level };
  },
});

/** Milliseconds that all processes have, after the store came back, to tell it what they remember. */
const RESTORING = 1_000;
/** Milliseconds for a connection to come about. */
const CONNECT_TIMEOUT = 2_000;
/** Buckets that are brought back at once, which is less than the queue of commands holds. */
const BATCH = 500;

export interface RedisStoreOptions {
  /** `rediss://host:port`, or `redis://` where nobody listens in between. */
  readonly url: string;
  /** PEM of the CA of the server's certificate. */
  readonly ca: string | undefined;
  readonly password: string | undefined;
  readonly logger: Pick<Logger, "warn" | "info">;
  /** What this process knows of the buckets. */
  readonly remembered: () => Iterable<KnownBucket>;
}

/**
 * Buckets in Redis, which forgets them when it restarts. Every process then brings back what it remembers, and asks
 * the store again only when the others have had the time to do the same.
 */
export function redisLimitStore(options: RedisStoreOptions): LimitStore {
  const { url, ca, password, logger } = options;
  const client = createClient({
    url,
    ...(password === undefined ? {} : { password }),
    socket: {
      connectTimeout: CONNECT_TIMEOUT,
      reconnectStrategy: (tries) => Math.min(50 * 2 ** Math.min(tries, 2), 200),
      ...(url.startsWith("rediss:") ? { tls: true, ...(ca === undefined ? {} : { ca }) } : {}),
    },
    // A command that cannot be sent fails at once, and no more wait than a burst brings.
    disableOfflineQueue: true,
    commandsQueueMaxLength: 1_000,
    scripts: { take },
  });
  let usable = false;
  /** Counts the times that the connection was lost. */
  let losses = 0;

  async function restore(): Promise<void> {
    const before = losses;
    if (before > 0) {
      const known = [...options.remembered()].map(({ level, ...rest }) => ({
        ...rest,
        cost: 0,
        floor: level,
      }));
      for (let from = 0; from < known.length; from += BATCH)
        await Promise.all(known.slice(from, from + BATCH).map((bucket) => client.take(bucket)));
      await sleep(RESTORING);
      logger.info({ buckets: known.length }, "the limit store is there again");
    }
    if (before === losses) usable = true;
  }

  client.on("ready", () => {
    restore().catch((error: unknown) => logger.warn({ err: error }, "the limit store was not restored"));
  });
  // Heard for each failed try to connect; unheard it would end the process.
  client.on("error", () => {
    usable = false;
    losses += 1;
  });
  // It goes on trying by itself, whatever becomes of the first try.
  client.connect().catch((error: unknown) => logger.warn({ err: error }, "no connection to the limit store"));

  return {
    take: (request) =>
      usable ? client.take(request) : Promise.reject(new Error("there is no connection to the limit store")),
    close: () => {
      client.destroy();
      return Promise.resolve();
    },
  };
}
