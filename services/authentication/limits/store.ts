import type { Bucket, Microseconds, Step } from "./gcra.ts";

/** One request to one client's bucket. */
export interface Take {
  /** Policy and client. */
  readonly key: string;
  readonly bucket: Bucket;
  /** What is taken; at least 0, and no more than `full` together with the floor. */
  readonly cost: Microseconds;
  /** The level that this process knows the bucket to have at least: more than 0 where the store may have forgotten. */
  readonly floor: Microseconds;
}

/**
 * Where the buckets of all clients are, for all processes that ask. A store takes one step at a time by its own clock,
 * so that neither the number of processes nor their clocks matter.
 */
export interface LimitStore {
  /**
   * Takes from a bucket where it holds enough.
   * @throws Error where the store does not answer
   */
  take(take: Take): Promise<Step>;
  close(): Promise<void>;
}
