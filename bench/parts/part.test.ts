import { describe, expect, it } from "vitest";
import { isMet, renderPart } from "./part.ts";

const part = { name: "buy", what: "Buying", run: () => Promise.reject(new Error("is not run here")) };

describe("a goal", () => {
  it.each([
    [4, { most: 4 }, true],
    [4.1, { most: 4 }, false],
    [0.8, { least: 0.8 }, true],
    [0.79, { least: 0.8 }, false],
    [Number.NaN, { most: 4 }, false],
    [Number.NaN, { least: 4 }, false],
  ])("of %d where %j is wanted is met: %s", (value, limit, met) => {
    expect(isMet({ what: "it", value, limit })).toBe(met);
  });
});

describe("the page of a part", () => {
  it("has what was wanted and measured, the text and the pictures", () => {
    const goals = [
      { what: "p99", value: 4.5, limit: { most: 4 } },
      { what: "kept", value: 0.9, limit: { least: 0.8 } },
    ];
    const page = renderPart(part, { text: ["As told."], goals, pictures: { "buy.svg": "" } }, "Here.");
    expect(page.split("\n")).toEqual(
      expect.arrayContaining([
        "# `npm run bench -- buy`",
        "Buying. Here.",
        "| p99 | 4.50 | <= 4 | **missed** |",
        "| kept | 0.90 | >= 0.8 | met |",
        "As told.",
        "![Buying](buy.svg)",
      ]),
    );
  });
});
