import type { Tally } from "./open-loop.ts";
import { percentile } from "./open-loop.ts";

/** The part of its best that a platform must still do when ten times as much is asked. */
const GOODPUT = 0.9;
/** The part of what is due that must be sent: a load that is not there proves nothing. */
const SENT = 0.9;
/** Milliseconds below which 99 of 100 refusals come. */
const QUICKLY = 1_000;

/** What is not as it must be in tallies of ever more load, each with its figure. */
export function complaintsOf(tallies: readonly Tally[]): string[] {
  const best = Math.max(...tallies.map(({ good }) => good));
  const most = tallies.at(-1);
  const kept = (most?.good ?? 0) / best;
  const sent = Math.min(...tallies.map((tally) => tally.sent));
  const refused = Math.max(...tallies.map(({ refusedTimes }) => percentile(refusedTimes, 0.99)));
  const others = tallies.flatMap((tally) => [...tally.others.keys()]);
  return [
    ...(sent < SENT ? [`only ${percent(sent)} of what was due was sent: ${percent(SENT)} wanted`] : []),
    ...(kept < GOODPUT
      ? [`at the most that was asked ${percent(kept)} of the best goodput: ${percent(GOODPUT)} wanted`]
      : []),
    ...(refused > QUICKLY ? [`refusals took ${refused.toFixed(0)} ms at p99: ${QUICKLY} wanted`] : []),
    ...(others.length > 0
      ? [`neither answers nor refusals with Retry-After: ${[...new Set(others)].join(", ")}`]
      : []),
  ];
}

export function percent(part: number): string {
  return `${(100 * part).toFixed(0)} %`;
}
