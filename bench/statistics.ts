export { quantile } from "../tests/support/quantile.ts";

/** The value in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/**
 * Where the true median lies, however the values are distributed: between the k-th smallest and the k-th largest of
 * them, with the largest k of which that can be said with enough confidence. Of too few values it can lie anywhere.
 */
export function medianInterval(values: readonly number[], confidence: number): readonly [number, number] {
  const sorted = values.toSorted((a, b) => a - b);
  const count = sorted.length;
  // The probability that the median is below the k-th smallest value: fewer than k of the values fell below it.
  let tail = 0.5 ** count;
  let probability = tail;
  let k = 0;
  while (2 * tail <= 1 - confidence) {
    k += 1;
    probability *= (count - k + 1) / k;
    tail += probability;
  }
  return k === 0
    ? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
    : [sorted[k - 1] ?? Number.NaN, sorted[count - k] ?? Number.NaN];
}
