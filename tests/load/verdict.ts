import { quantile } from "../support/quantile.ts";
import type { Arrivals } from "./arrivals.ts";
import { goodput, timesOf } from "./arrivals.ts";

/** The part of its best that a platform must still do when ten times as much is asked. */
const GOODPUT = 0.9;
/** The part of what is due that must be sent: a load that is not there proves nothing. */
const SENT = 0.9;
/** Milliseconds below which 99 of 100 refusals come. */
const QUICKLY = 1_000;

/** What is not as it must be in runs of ever more load, each with its figure. */
export function complaintsOf(runs: readonly Arrivals[]): string[] {
  const best = Math.max(...runs.map(goodput));
  const most = runs.at(-1);
  const kept = most === undefined ? 0 : goodput(most) / best;
  const sent = Math.min(...runs.map((run) => run.sent));
  const slowest = Math.max(...runs.map(({ refused }) => percentile(timesOf(refused), 0.99)));
  const others = runs.flatMap((run) => [...run.others.keys()]);
  return [
    ...(sent < SENT ? [`only ${percent(sent)} of what was due was sent: ${percent(SENT)} wanted`] : []),
    ...(kept < GOODPUT
      ? [`at the most that was asked ${percent(kept)} of the best goodput: ${percent(GOODPUT)} wanted`]
      : []),
    ...(slowest > QUICKLY ? [`refusals took ${slowest.toFixed(0)} ms at p99: ${QUICKLY} wanted`] : []),
    ...(others.length > 0
      ? [`neither answers nor refusals with Retry-After: ${[...new Set(others)].join(", ")}`]
      : []),
  ];
}

/** The value below which a part of the values is; 0 of none. */
export function percentile(values: readonly number[], part: number): number {
  return values.length === 0 ? 0 : quantile(values, part);
}

export function percent(part: number): string {
  return `${(100 * part).toFixed(0)} %`;
}
