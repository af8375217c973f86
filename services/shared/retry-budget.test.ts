import { describe, expect, it } from "vitest";
import { RetryBudget } from "./retry-budget.ts";

/** How many of some calls that all fail are tried again. */
function retriesOf(budget: RetryBudget, calls: number): number {
  let retries = 0;
  for (let call = 0; call < calls; call++) {
    budget.earn();
    if (budget.spend()) retries += 1;
  }
  return retries;
}

describe("a retry budget", () => {
  it("gives its reserve at once, and then one retry for every five calls", () => {
    const budget = new RetryBudget(0.2, 10);
    expect(retriesOf(budget, 10)).toBe(10);
    const long = retriesOf(budget, 1_000);
    expect(long).toBeGreaterThanOrEqual(195);
    expect(long).toBeLessThanOrEqual(205);
  });

  it("saves up no more than its reserve, however long all is well", () => {
    const budget = new RetryBudget(0.2, 3);
    for (let call = 0; call < 10_000; call++) budget.earn();
    expect([1, 2, 3, 4].map(() => budget.spend())).toEqual([true, true, true, false]);
  });
});
