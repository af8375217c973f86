import { describe, expect, it } from "vitest";
import type { Arrivals, Outcome } from "./arrivals.ts";
import { complaintsOf } from "./verdict.ts";

const outcomes = (count: number, milliseconds: number, inTime = true): Outcome[] =>
  Array.from({ length: count }, () => ({ kind: "read", milliseconds, inTime }));

const arrivals = (change: Partial<Arrivals> = {}): Arrivals => ({
  seconds: 1,
  sent: 1,
  good: outcomes(100, 5),
  refused: outcomes(10, 30),
  others: new Map(),
  ...change,
});

describe("the verdict on an overload", () => {
  it("is none where all was sent, goodput stays, and what is refused is told so quickly", () => {
    const run = arrivals({ sent: 0.9, good: outcomes(90, 5), refused: outcomes(1, 1_000) });
    expect(complaintsOf([arrivals(), run])).toEqual([]);
  });

  it.each<[string, Partial<Arrivals>, RegExp]>([
    ["too little was sent", { sent: 0.52 }, /only 52 % .* was sent/],
    ["goodput fell", { good: outcomes(85, 5) }, /85 % of the best goodput/],
    [
      "answers came when nobody asked any more",
      { good: [...outcomes(85, 5), ...outcomes(15, 900, false)] },
      /85 % of the best goodput/,
    ],
    ["refusals came late", { refused: outcomes(1, 1_600) }, /refusals took 1600 ms/],
    ["something else was answered", { others: new Map([["read 502", 1]]) }, /read 502/],
  ])("says so where %s", (_, change, complaint) => {
    const complaints = complaintsOf([arrivals(), arrivals(change)]);
    expect(complaints).toHaveLength(1);
    expect(complaints[0]).toMatch(complaint);
  });
});
