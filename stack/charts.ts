import type { ChartLocation } from "./config.ts";

/** Where a Release takes its chart from. */
export function chartOf({ chart, repository, version }: ChartLocation) {
  return {
    chart,
    ...(version === undefined ? {} : { version }),
    ...(repository === undefined ? {} : { repositoryOpts: { repo: repository } }),
  };
}
