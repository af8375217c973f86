import { median, medianInterval } from "../statistics.ts";

/** How far requests per CPU second may fall. */
const LOWEST_RATIO = 0.8;
const CONFIDENCE = 0.98;

/** What the same work cost in both trees at the same time, in CPU seconds for a request. */
export interface Pair {
  readonly now: number;
  readonly before: number;
}

export interface Verdict {
  /** Requests per CPU second now over before: the median of all pairs. */
  readonly ratio: number;
  /** Where the true ratio is. */
  readonly interval: readonly [number, number];
  /** Whether more pairs could not change the answer. */
  readonly certain: boolean;
  readonly fallen: boolean;
}

/**
 * What pairs say. What else the machine does is the same for both of a pair, mostly; where it is not, the pair is an
 * outlier, which a median leaves out. Where more pairs could still change the answer, nothing is said to have fallen that
 * may be as it was.
 */
export function judge(pairs: readonly Pair[]): Verdict {
  const ratios = pairs.map(({ now, before }) => before / now);
  const ratio = median(ratios);
  const interval = medianInterval(ratios, CONFIDENCE);
  const certain = interval[0] >= LOWEST_RATIO || interval[1] < LOWEST_RATIO;
  return { ratio, interval, certain, fallen: ratio < LOWEST_RATIO && interval[1] < 1 };
}
