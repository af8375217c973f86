import type { BurstFigures } from "./bursts.ts";

/** What a run showed, in one line. */
export function describeRun(store: string, figures: BurstFigures): string {
  const { requests, allowed, refused, others, worst, used } = figures;
  const percent = (part: number) => `${(100 * part).toFixed(1)} %`;
  const rest = Object.entries(others).map(([what, count]) => `, ${count} times ${what}`);
  return (
    `central limits in ${store}: ${allowed} of ${requests} requests allowed, ${refused} refused${rest.join("")}; ` +
    `${percent(used)} of burst + rate x time in all, never more than ${percent(worst)} in any stretch`
  );
}
