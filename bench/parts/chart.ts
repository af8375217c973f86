/** A line of a chart: points in the chart's own units. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Panel {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly scale: "linear" | "logarithmic";
  readonly series: readonly Series[];
}

const WIDTH = 720;
const PANEL_HEIGHT = 300;
const MARGIN = { top: 44, right: 150, bottom: 46, left: 64 };
const TICKS = 5;

/**
 * Colours that can be told apart by who sees no red or green either, each for light and dark
 * (https://jfly.uni-koeln.de/color/), and the text's own.
 */
const STYLE = `
svg { background: #ffffff; color: #1f2328; --one: #0072b2; --two: #d55e00; --three: #007a5a; --grid: #d8dee4; }
@media (prefers-color-scheme: dark) {
  svg { background: #0d1117; color: #e6edf3; --one: #56b4e9; --two: #f0a35e; --three: #3ecf9b; --grid: #30363d; }
}
text { font: 13px system-ui, sans-serif; fill: currentColor; }
.title { font-weight: 600; }
.grid { stroke: var(--grid); }
.line { fill: none; stroke-width: 2.5; }
.series-0 { stroke: var(--one); color: var(--one); }
.series-1 { stroke: var(--two); color: var(--two); }
.series-2 { stroke: var(--three); color: var(--three); }
.point { fill: currentColor; stroke: none; }
.name { stroke: none; }`;

/** Panels of lines, one below the other, as an SVG that can be read on light and dark pages. */
export function renderChart(description: string, panels: readonly Panel[]): string {
  const height = PANEL_HEIGHT * panels.length;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escape(description)}">`,
    `<style>${STYLE}\n</style>`,
    ...panels.map((panel, index) => renderPanel(panel, index * PANEL_HEIGHT)),
    "</svg>",
    "",
  ].join("\n");
}

function renderPanel({ title, xLabel, yLabel, scale, series }: Panel, top: number): string {
  const points = series.flatMap((one) => one.points);
  const x = linear(
    points.map(([value]) => value),
    [MARGIN.left, WIDTH - MARGIN.right],
  );
  const bounds = [PANEL_HEIGHT - MARGIN.bottom, MARGIN.top] as const;
  const values = points.map(([, value]) => value);
  const y = scale === "linear" ? linear(values, bounds) : logarithmic(values, bounds);
  const [left, right] = [MARGIN.left, WIDTH - MARGIN.right];
  return [
    `<g transform="translate(0 ${top})">`,
    text(left, 24, `${title}, ${yLabel}`, "start", "title"),
    ...y.ticks.flatMap((tick) => [
      `<line class="grid" x1="${left}" x2="${right}" y1="${y.at(tick)}" y2="${y.at(tick)}"/>`,
      text(left - 8, y.at(tick) + 4, number(tick), "end"),
    ]),
    ...x.ticks.map((tick) => text(x.at(tick), PANEL_HEIGHT - MARGIN.bottom + 18, number(tick), "middle")),
    text((left + right) / 2, PANEL_HEIGHT - 8, xLabel, "middle"),
    ...series.map((one, index) => renderSeries(one, index, x.at, y.at)),
    ...names(series, y.at).map(([name, at], index) =>
      text(right + 10, at, name, "start", `name series-${index}`),
    ),
    "</g>",
  ].join("\n");
}

function renderSeries({ points }: Series, index: number, x: Place, y: Place): string {
  const places = points.map(([one, other]) => [x(one), y(other)] as const);
  const dots = places.map(([cx, cy]) => `<circle class="point" cx="${cx}" cy="${cy}" r="3.5"/>`).join("");
  return `<g class="series-${index}"><polyline class="line" points="${places.map((place) => place.join(",")).join(" ")}"/>${dots}</g>`;
}

/** Each line's name at its end, moved down where two would overlap. */
function names(series: readonly Series[], y: Place): (readonly [name: string, at: number])[] {
  const ends = series.map(({ name, points }, index) => ({ name, index, at: y(points.at(-1)?.[1] ?? 0) + 4 }));
  let lowest = Number.NEGATIVE_INFINITY;
  for (const end of ends.toSorted((one, other) => one.at - other.at)) {
    end.at = Math.max(end.at, lowest + 16);
    lowest = end.at;
  }
  return ends.map(({ name, at }) => [name, at]);
}

type Place = (value: number) => number;
interface Axis {
  readonly at: Place;
  readonly ticks: readonly number[];
}

/** From 0 to a round number above all values. */
function linear(values: readonly number[], [from, to]: readonly [number, number]): Axis {
  const step = roundStep(Math.max(...values, 1) / TICKS);
  const most = step * Math.ceil(Math.max(...values, 1) / step);
  const at = (value: number) => round(from + ((to - from) * value) / most);
  return { at, ticks: Array.from({ length: Math.round(most / step) + 1 }, (_, index) => index * step) };
}

/** From the power of ten below all values to the one above. */
function logarithmic(values: readonly number[], [from, to]: readonly [number, number]): Axis {
  const positive = values.filter((value) => value > 0);
  const least = Math.floor(Math.log10(Math.min(...positive)));
  const most = Math.max(least + 1, Math.ceil(Math.log10(Math.max(...positive))));
  const at = (value: number) => {
    const power = Math.log10(Math.max(value, 10 ** least));
    return round(from + ((to - from) * (power - least)) / (most - least));
  };
  return { at, ticks: Array.from({ length: most - least + 1 }, (_, index) => 10 ** (least + index)) };
}

/** 1, 2 or 5 times a power of ten, not below the value. */
function roundStep(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 5].find((factor) => factor * power >= value) ?? 10);
}

const round = (value: number) => Math.round(10 * value) / 10;
const number = (value: number) => value.toLocaleString("en-US", { maximumFractionDigits: 3 });

function text(x: number, y: number, content: string, anchor: string, className = ""): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}"${className === "" ? "" : ` class="${className}"`}>${escape(content)}</text>`;
}

function escape(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
