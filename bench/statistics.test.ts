import { describe, expect, it } from "vitest";
import { median, medianInterval, quantile } from "./statistics.ts";

describe("the median", () => {
  it.each([
    [[3], 3],
    [[9, 1, 5], 5],
    [[10, 9, 2, 1], 5.5],
    [[1, 1, 1, 1000], 1],
  ])("of %j is %d", (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it("of nothing is no number, and its values stay in their order", () => {
    const values = [3, 1, 2];
    expect([median([]), median(values), values]).toEqual([Number.NaN, 2, [3, 1, 2]]);
  });
});

describe("a quantile", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

  it("is the value below which a part of the values is", () => {
    expect([quantile(hundred, 0.5), quantile(hundred, 0.99), quantile(hundred, 1)]).toEqual([51, 100, 100]);
    expect(quantile([], 0.99)).toBeNaN();
  });
});

describe("the interval of the median", () => {
  it("cannot be told of too few values", () => {
    expect(medianInterval([1, 1, 1, 1, 1], 0.98)).toEqual([-Infinity, Infinity]);
  });

  // Tables of the sign test: of 7 values 1 - 2/128, of 10 without the outermost 1 - 22/1024.
  it("is from the smallest to the largest of 7, and leaves out more of more", () => {
    expect(medianInterval([7, 6, 5, 4, 3, 2, 1], 0.98)).toEqual([1, 7]);
    expect(medianInterval([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.97)).toEqual([2, 9]);
    expect(medianInterval([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.98)).toEqual([1, 10]);
  });

  it("holds the true median as often as it says", () => {
    // A fixed sequence of pseudo-random numbers, far from normal: squares, of which the true median is 0.25.
    let state = 1;
    const next = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const trials = Array.from({ length: 2_000 }, () => {
      const [low, high] = medianInterval(
        Array.from({ length: 15 }, () => next() ** 2),
        0.9,
      );
      return low <= 0.25 && 0.25 <= high;
    });
    const held = trials.filter(Boolean).length / trials.length;
    expect(held).toBeGreaterThan(0.9);
    expect(held).toBeLessThan(0.98);
  });
});
