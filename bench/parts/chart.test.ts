import { describe, expect, it } from "vitest";
import type { Panel } from "./chart.ts";
import { renderChart } from "./chart.ts";

const panel: Panel = {
  title: "Good & <fast>",
  xLabel: "offered",
  yLabel: "requests/s",
  scale: "linear",
  series: [
    {
      name: "good",
      points: [
        [0, 0],
        [10, 95],
      ],
    },
    {
      name: "refused",
      points: [
        [0, 0],
        [10, 94],
      ],
    },
  ],
};

/** The ends of the lines that it draws, from left to right. */
function linesOf(svg: string): number[][][] {
  return [...svg.matchAll(/<polyline class="line" points="([^"]+)"/g)].map(([, points = ""]) =>
    points.split(" ").map((point) => point.split(",").map(Number)),
  );
}

/** The texts with where they are. */
function textsOf(svg: string): Map<string, { x: number; y: number }> {
  const found = svg.matchAll(/<text x="([\d.-]+)" y="([\d.-]+)"[^>]*>([^<]+)</g);
  return new Map([...found].map(([, x, y, text = ""]) => [text, { x: Number(x), y: Number(y) }]));
}

describe("a chart", () => {
  it("draws each line from its first point to its last, larger values higher", () => {
    const [good = [], refused = []] = linesOf(renderChart("all", [panel]));
    expect(good).toHaveLength(2);
    const [[x0 = 0, y0 = 0] = [], [x1 = 0, y1 = 0] = []] = good;
    expect([x1 > x0, y1 < y0]).toEqual([true, true]);
    expect(refused[1]?.[1]).toBeGreaterThan(y1);
  });

  it("has a round number above all values at the top", () => {
    const texts = textsOf(renderChart("all", [panel]));
    expect([...texts.keys()]).toEqual(expect.arrayContaining(["0", "20", "100"]));
    const [[, [, top = 0] = []] = []] = linesOf(renderChart("all", [panel]));
    expect(texts.get("100")?.y).toBeLessThan(top);
  });

  it("with a logarithmic scale has as far from 1 to 10 as from 10 to 100", () => {
    const points = [1, 10, 100].map((value, index) => [index, value] as const);
    const [line = []] = linesOf(
      renderChart("all", [{ ...panel, scale: "logarithmic", series: [{ name: "p99", points }] }]),
    );
    const [one = 0, ten = 0, hundred = 0] = line.map(([, y = 0]) => y);
    expect(one - ten).toBeCloseTo(ten - hundred, 0);
  });

  it("writes names beside each other's ends, never over each other", () => {
    const texts = textsOf(renderChart("all", [panel]));
    expect(Math.abs((texts.get("good")?.y ?? 0) - (texts.get("refused")?.y ?? 0))).toBeGreaterThanOrEqual(16);
  });

  it("says what it shows to who cannot see it, and escapes what would be markup", () => {
    const svg = renderChart('a "b"', [panel]);
    expect(svg).toContain('role="img" aria-label="a &quot;b&quot;"');
    expect(svg).toContain("Good &amp; &lt;fast>");
  });

  it("has colours of its own for dark pages", () => {
    const svg = renderChart("all", [panel]);
    expect(svg).toMatch(/@media \(prefers-color-scheme: dark\) \{\n {2}svg \{ background: #0d1117/);
  });
});
