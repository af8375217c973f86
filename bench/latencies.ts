import { timesOf } from "../tests/load/arrivals.ts";
import type { OpenLoopOptions } from "../tests/load/open-loop.ts";
import { openLoop } from "../tests/load/open-loop.ts";

/** Of the requests, that may fail where latency is measured far below what the platform can do. */
const MAY_FAIL = 0.01;

/** Connections from each source: more than are ever in use so far below what the platform can do. */
const CONNECTIONS = 4;

/**
 * Milliseconds that answers take at a steady rate.
 * @throws Error where more than a few were none: what was measured then is no latency of an idle platform
 */
export async function latencies(options: OpenLoopOptions): Promise<readonly number[]> {
  const { good, refused, others } = await openLoop({ ...options, connections: CONNECTIONS });
  const failed = refused.length + [...others.values()].reduce((sum, count) => sum + count, 0);
  const all = good.length + failed;
  if (failed <= MAY_FAIL * all) return timesOf(good);
  const told = [...others].map(([name, count]) => `, ${count} x ${name}`).join("");
  throw new Error(
    `${options.next(0).path}: ${failed} of ${all} requests failed: ${refused.length} refused${told}`,
  );
}
