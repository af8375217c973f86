import { describe, expect, it } from "vitest";
import type { Pair } from "./pairs.ts";
import { judge } from "./pairs.ts";

/** Pairs of a tree that takes so many times the CPU time, on a machine on which that varies by so much. */
function pairsOf(cost: number, count: number, spread = 0): Pair[] {
  return Array.from({ length: count }, (_, index) => {
    // Evenly on both sides, and never twice the same.
    const noise = 1 + spread * ((2 * ((index * 5) % count)) / Math.max(1, count - 1) - 1);
    return { before: 0.001, now: 0.001 * cost * noise };
  });
}

describe("what pairs say of a change", () => {
  it("is the ratio of requests per CPU second: half as many where each costs twice as much", () => {
    expect(judge(pairsOf(2, 7))).toEqual({ ratio: 0.5, interval: [0.5, 0.5], certain: true, fallen: true });
    expect(judge(pairsOf(0.5, 7))).toMatchObject({ ratio: 2, certain: true, fallen: false });
  });

  it.each([
    [1, false],
    [1.2, false],
    [1.3, true],
    [1.43, true],
  ])("with a cost of %d times the former one is a fall: %s", (cost, fallen) => {
    expect(judge(pairsOf(cost, 7))).toMatchObject({ certain: true, fallen });
  });

  it("is not certain of few pairs", () => {
    expect(judge(pairsOf(1, 6))).toMatchObject({ certain: false, fallen: false });
    expect(judge(pairsOf(2, 6))).toMatchObject({ certain: false, fallen: false });
    expect(judge([])).toMatchObject({ certain: false, fallen: false });
  });

  it("is not moved by a few outliers", () => {
    const outliers = [9, 0.1, 25].map((cost) => ({ before: 0.001, now: 0.001 * cost }));
    expect(judge([...pairsOf(1, 20), ...outliers])).toMatchObject({ ratio: 1, certain: true, fallen: false });
  });

  it("on a noisy machine is no fall where all may be as it was", () => {
    const noisy = judge(pairsOf(1.3, 11, 0.6));
    expect(noisy.ratio).toBeLessThan(0.8);
    expect(noisy).toMatchObject({ certain: false, fallen: false });
    expect(judge(pairsOf(1.43, 40, 0.3))).toMatchObject({ fallen: true });
  });
});
