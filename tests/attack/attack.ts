import type { Target } from "./target.ts";

export type Family =
  "identity" | "tokens" | "paths" | "protocol" | "edge" | "objects" | "fields" | "login" | "reach" | "flood";

/**
 * What an attack needs of the platform besides its outputs. Where that is not there, the attack is left out, which the
 * runner says.
 * - `state`: the state folder of a platform on this machine, for its signing key and its processes;
 * - `addresses`: source addresses to choose from, as 127.0.0.0/8 has them;
 * - `host`: the gateway at a host of its own, where not all else of this machine answers too;
 * - `limits`: the gateway's limits.
 */
export type Need = "state" | "addresses" | "host" | "limits";

/** One case: what is tried, and a run that throws {@link Broken} where the platform does not hold. */
export interface Attack {
  readonly family: Family;
  /** What is tried and what must come of it, in one line. */
  readonly threat: string;
  /** Whether it is part of `npm test`. */
  readonly quick: boolean;
  readonly needs?: readonly Need[];
  /** @returns the figure that shows that it holds */
  readonly run: (target: Target) => Promise<string>;
}

/** The platform does not hold. */
export class Broken extends Error {
  override readonly name = "Broken";
}

/** @throws Broken where the claim is false */
export function hold(claim: boolean, otherwise: string): asserts claim {
  if (!claim) throw new Broken(otherwise);
}

/** One request of an attack and what came of it. */
export interface Outcome {
  readonly what: string;
  readonly status: number;
}

/**
 * All outcomes must have one of the statuses; 0 stands for a connection that ended without an answer.
 * @returns how many came with which status
 * @throws Broken that names the first which do not, and where nothing was tried at all
 */
export function holdStatuses(outcomes: readonly Outcome[], allowed: readonly number[]): string {
  hold(outcomes.length > 0, "nothing was tried");
  const others = outcomes.filter(({ status }) => !allowed.includes(status));
  const named = others.slice(0, 5).map(({ what, status }) => `${what}: ${status}`);
  hold(others.length === 0, `${others.length} of ${outcomes.length} are let through: ${named.join("; ")}`);
  return tally(outcomes);
}

/** `12 requests: 10 x 401, 2 x 404`. */
export function tally(outcomes: readonly Outcome[]): string {
  const counts = new Map<number, number>();
  for (const { status } of outcomes) counts.set(status, (counts.get(status) ?? 0) + 1);
  const parts = [...counts].sort(([one], [other]) => one - other).map(([status, n]) => `${n} x ${status}`);
  return `${outcomes.length} requests: ${parts.join(", ")}`;
}

/** Runs a function for every item, some at a time, and returns the results in the items' order. */
export async function each<T, R>(
  items: readonly T[],
  run: (item: T, index: number) => Promise<R>,
  atOnce = 12,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++)
      results[index] = await run(items[index] as T, index);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}
