import { describe, expect, it } from "vitest";
import { bucketOf, remaining, step, untilNext } from "./gcra.ts";

const SECOND = 1_000_000;
const policy = { name: "test", requestsPerMinute: 20, burst: 40 };

/** Numbers that look random and are the same each time (Numerical Recipes' generator). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** The textbook's token bucket: a number of tokens that grows with time, up to the burst. */
class TokenBucket {
  #tokens: bigint;
  #last = 0;
  readonly #interval: number;
  readonly #burst: number;

  constructor({ interval, full }: { interval: number; full: number }) {
    this.#interval = interval;
    this.#burst = full / interval;
    this.#tokens = BigInt(full);
  }

  /** Tokens are counted in parts of `interval`, so that no rounding comes in. */
  take(now: number): boolean {
    const grown = this.#tokens + BigInt(now - this.#last);
    const most = BigInt(this.#interval) * BigInt(this.#burst);
    this.#last = now;
    this.#tokens = grown < most ? grown : most;
    if (this.#tokens < BigInt(this.#interval)) return false;
    this.#tokens -= BigInt(this.#interval);
    return true;
  }

  get whole(): number {
    return Number(this.#tokens / BigInt(this.#interval));
  }
}

/** Times of requests: bursts, pauses and steady stretches, in any order. */
function schedule(random: () => number, interval: number): number[] {
  const times: number[] = [];
  let now = 0;
  while (times.length < 300) {
    const pause = random() < 0.2 ? 60 * interval * random() : random() < 0.5 ? 0 : 3 * interval * random();
    now += Math.floor(pause);
    times.push(now);
  }
  return times;
}

describe("the algorithm", () => {
  it("decides as a token bucket does, request by request, on 400 schedules", () => {
    for (let seed = 1; seed <= 400; seed++) {
      const random = numbers(seed);
      const bucket = bucketOf({
        name: "test",
        requestsPerMinute: 1 + Math.floor(1000 * random()),
        burst: 1 + Math.floor(60 * random()),
      });
      const model = new TokenBucket(bucket);
      let fullAt = 0;
      for (const now of schedule(random, bucket.interval)) {
        const { allowed, level } = step(bucket, Math.max(0, fullAt - now), bucket.interval);
        if (allowed !== model.take(now) || remaining(bucket, level) !== model.whole)
          expect.fail(
            `seed ${seed}, at ${now}: ${allowed}, ${remaining(bucket, level)} left of ${model.whole}`,
          );
        fullAt = now + level;
      }
    }
  });

  it("never admits more than burst and rate x time, in any stretch of any schedule", () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = numbers(seed);
      const bucket = bucketOf({
        name: "test",
        requestsPerMinute: 1 + 500 * random(),
        burst: 1 + Math.floor(50 * random()),
      });
      const admitted: number[] = [];
      let fullAt = 0;
      for (const now of schedule(random, bucket.interval)) {
        const { allowed, level } = step(bucket, Math.max(0, fullAt - now), bucket.interval);
        if (allowed) admitted.push(now);
        fullAt = now + level;
      }
      for (const [first, start] of admitted.entries()) {
        for (const [last, end] of admitted.entries()) {
          if (last < first) continue;
          const most = bucket.full / bucket.interval + (end - start) / bucket.interval;
          if (last - first + 1 > most) expect.fail(`seed ${seed}: ${last - first + 1} of ${most}`);
        }
      }
    }
  });

  it("says what is left, and when there is one more", () => {
    const bucket = bucketOf(policy);
    expect(bucket).toEqual({ interval: 3 * SECOND, full: 120 * SECOND });
    expect([remaining(bucket, 0), remaining(bucket, 3 * SECOND), remaining(bucket, 120 * SECOND)]).toEqual([
      40, 39, 0,
    ]);
    expect(untilNext(bucket, 120 * SECOND)).toBe(3 * SECOND);
    expect(untilNext(bucket, 118 * SECOND)).toBe(SECOND);
    expect(untilNext(bucket, 4 * SECOND)).toBe(SECOND);
  });

  it("admits at the moment that it named, and not a microsecond before", () => {
    const bucket = bucketOf(policy);
    const level = bucket.full - 1;
    const wait = untilNext(bucket, level);
    expect(step(bucket, level - wait + 1, bucket.interval).allowed).toBe(false);
    expect(step(bucket, level - wait, bucket.interval).allowed).toBe(true);
  });
});
