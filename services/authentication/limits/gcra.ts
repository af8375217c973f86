import type { LimitPolicy } from "../../shared/limit-policies.ts";

/**
 * The generic cell rate algorithm (ITU-T I.371, annex A.1: "virtual scheduling"), which is a token bucket that keeps
 * one number: the theoretical arrival time, at which the bucket will be full again. A request moves it on by its
 * cost and conforms while that stays within what a whole bucket takes to fill. Redis and SQL run the same step where
 * they keep the number; here it is for what a process remembers itself, and for the tests to compare with.
 */

/** A span or a point of time in microseconds. They are whole numbers below 2^53, exact in every language at hand. */
export type Microseconds = number;

const MINUTE: Microseconds = 60_000_000;

/** A policy in the terms of the algorithm. */
export interface Bucket {
  /** What one request costs: the time in which one token comes back. */
  readonly interval: Microseconds;
  /** The time in which an empty bucket fills. */
  readonly full: Microseconds;
}

export function bucketOf({ requestsPerMinute, burst }: LimitPolicy): Bucket {
  const interval = Math.ceil(MINUTE / requestsPerMinute);
  return { interval, full: interval * burst };
}

export interface Step {
  readonly allowed: boolean;
  /** The time until the bucket is full again, with this request where it is allowed: 0 to `full`. */
  readonly level: Microseconds;
}

/**
 * One request of a bucket.
 * @param level the time until the bucket is full, before the request
 * @param cost what the request takes; the interval, if it counts once
 */
export function step({ full }: Bucket, level: Microseconds, cost: Microseconds): Step {
  return level + cost <= full ? { allowed: true, level: level + cost } : { allowed: false, level };
}

/** Requests that a client has left. */
export function remaining({ interval, full }: Bucket, level: Microseconds): number {
  return Math.max(0, Math.floor((full - level) / interval));
}

/** The time until a client has one request more than now. */
export function untilNext({ interval, full }: Bucket, level: Microseconds): Microseconds {
  return Math.max(0, level + interval * (remaining({ interval, full }, level) + 1) - full);
}
