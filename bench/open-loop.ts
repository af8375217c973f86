import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import type { Target } from "./clients.ts";
import { dispatch } from "./clients.ts";

/** What became of requests that came at a steady rate. */
export interface Arrivals {
  /** Milliseconds from when a request was due until its answer with 2xx. */
  readonly good: readonly number[];
  /** The same of those that were refused with 429 or 503. */
  readonly refused: readonly number[];
  /** Everything else by what it was: `502`, `ECONNRESET`, `not sent`. */
  readonly others: ReadonlyMap<string, number>;
  /** Seconds in which requests came. */
  readonly seconds: number;
}

/** Requests in flight beyond which no more are sent: the machine could hold no more connections. */
const MOST_IN_FLIGHT = 8_000;

/** Connections that are opened before anything counts: clients keep theirs. */
const WARM_CONNECTIONS = 64;

/**
 * Sends requests at a steady rate, whatever has been answered, as clients come who do not know of each other. Each that
 * finds all connections taken opens another one. Times count from when a request was due, so that one that could not be
 * sent in time is not made to look fast (coordinated omission).
 */
export async function openLoop(
  targets: readonly [Target, ...Target[]],
  { rate, seconds }: { readonly rate: number; readonly seconds: number },
  stop: AbortSignal,
): Promise<Arrivals> {
  const [{ origin, tls }] = targets;
  const pool = new Pool(origin, { allowH2: false, connect: { ...tls }, headersTimeout: 20_000 });
  const [first] = targets;
  await Promise.all(Array.from({ length: WARM_CONNECTIONS }, () => dispatch(pool, first)));
  const good: number[] = [];
  const refused: number[] = [];
  const others = new Map<string, number>();
  const other = (what: string) => void others.set(what, (others.get(what) ?? 0) + 1);
  const open = new Set<Promise<void>>();
  const start = performance.now();

  const send = async (turn: number) => {
    const due = start + (1000 * turn) / rate;
    try {
      const status = await dispatch(pool, targets[turn % targets.length] ?? first);
      const time = performance.now() - due;
      if (status >= 200 && status < 300) good.push(time);
      else if (status === 429 || status === 503) refused.push(time);
      else other(String(status));
    } catch (error) {
      other((error as NodeJS.ErrnoException).code ?? String(error));
    }
  };
  for (let turn = 0; turn < rate * seconds;) {
    stop.throwIfAborted();
    for (
      const due = ((performance.now() - start) / 1000) * rate;
      turn < Math.min(due, rate * seconds);
      turn++
    ) {
      if (open.size >= MOST_IN_FLIGHT) {
        other("not sent");
        continue;
      }
      const sent = send(turn);
      open.add(sent);
      void sent.then(() => open.delete(sent));
    }
    await sleep(1);
  }
  await Promise.all(open);
  await pool.destroy();
  return { good, refused, others, seconds };
}

/** Of the requests, that may fail where latency is measured far below what the platform can do. */
const MAY_FAIL = 0.01;

/**
 * The times of those that were answered.
 * @throws Error where more than a few were not: what was measured then is no latency of an idle platform
 */
export function timesOf({ good, refused, others }: Arrivals, what: string): readonly number[] {
  const failed = refused.length + [...others.values()].reduce((sum, count) => sum + count, 0);
  const all = good.length + failed;
  if (failed <= MAY_FAIL * all) return good;
  const told = [...others].map(([name, count]) => `, ${count} x ${name}`).join("");
  throw new Error(`${what}: ${failed} of ${all} requests failed: ${refused.length} refused${told}`);
}
