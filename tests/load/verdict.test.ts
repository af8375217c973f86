import { describe, expect, it } from "vitest";
import type { Tally } from "./open-loop.ts";
import { complaintsOf } from "./verdict.ts";

const tally = (change: Partial<Tally> = {}): Tally => ({
  sent: 1,
  good: 100,
  goodOfKind: new Map(),
  goodTimes: [],
  refused: 10,
  refusedTimes: [20, 30],
  others: new Map(),
  ...change,
});

describe("the verdict on an overload", () => {
  it("is none where all was sent, goodput stays, and what is refused is told so quickly", () => {
    expect(complaintsOf([tally(), tally({ sent: 0.9, good: 90, refusedTimes: [1_000] })])).toEqual([]);
  });

  it.each<[string, Partial<Tally>, RegExp]>([
    ["too little was sent", { sent: 0.52 }, /only 52 % .* was sent/],
    ["goodput fell", { good: 85 }, /85 % of the best goodput/],
    ["refusals came late", { refusedTimes: [1_600] }, /refusals took 1600 ms/],
    ["something else was answered", { others: new Map([["read 502", 1]]) }, /read 502/],
  ])("says so where %s", (_, change, complaint) => {
    const complaints = complaintsOf([tally(), tally(change)]);
    expect(complaints).toHaveLength(1);
    expect(complaints[0]).toMatch(complaint);
  });
});
