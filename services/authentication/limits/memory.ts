import type { Bucket, Microseconds } from "./gcra.ts";

/** The level of a bucket, and when. */
interface Remembered {
  readonly bucket: Bucket;
  /** When the bucket will be full, by this process's monotonic clock, which no change of the time moves. */
  readonly fullAt: Microseconds;
}

/** A bucket with its level now. */
export interface KnownBucket {
  readonly key: string;
  readonly bucket: Bucket;
  readonly level: Microseconds;
}

export const monotonic = (): Microseconds => Math.round(performance.now() * 1000);

/**
 * What a process knows of the buckets that it asked the store for: enough to go on without the store, and to give
 * back to one that has forgotten. It keeps the buckets that were used last, and no more than its size.
 */
export class BucketMemory {
  readonly #size: number;
  readonly #now: () => Microseconds;
  readonly #buckets = new Map<string, Remembered>();

  constructor(size: number, now: () => Microseconds = monotonic) {
    this.#size = size;
    this.#now = now;
  }

  /** The least level that a bucket has now; 0, which is a full bucket, where it is not known. */
  level(key: string): Microseconds {
    return Math.max(0, (this.#buckets.get(key)?.fullAt ?? 0) - this.#now());
  }

  /** @param at when the level was so, at the latest: the least level follows from the earliest moment */
  remember(key: string, bucket: Bucket, level: Microseconds, at: Microseconds): void {
    const fullAt = Math.max(at + level, this.#buckets.get(key)?.fullAt ?? 0);
    // A map keeps the order in which keys were set: the first is the one that was used longest ago.
    this.#buckets.delete(key);
    this.#buckets.set(key, { bucket, fullAt });
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= this.#size) break;
      this.#buckets.delete(oldest);
    }
  }

  has(key: string): boolean {
    return this.#buckets.has(key);
  }

  get now(): Microseconds {
    return this.#now();
  }

  /** All buckets that are not full. */
  *known(): Generator<KnownBucket> {
    for (const [key, { bucket }] of this.#buckets) {
      const level = this.level(key);
      if (level > 0) yield { key, bucket, level };
    }
  }
}
