import type { Expression } from "./metrics.ts";

/** Id of the data source that every panel reads. */
export const DATA_SOURCE = "prometheus";

/** A unit as Grafana names it: `reqps` are requests and `eps` events per second, `none` is that of what is counted in whole numbers. */
export type Unit = "reqps" | "eps" | "percentunit" | "s" | "bytes" | "short" | "none";

/** One graph or number. */
export interface Panel {
  readonly title: string;
  readonly unit: Unit;
  /** Lines of the graph: the text of a line's legend, with `{{label}}`, and what it shows. */
  readonly lines: Readonly<Record<string, Expression>>;
  /** Said where no line has a value: that nothing failed is good news, and not "No data". */
  readonly empty?: string;
  /** A number in place of a graph over time. */
  readonly stat?: Stat;
}

export interface Stat {
  /** The number is red below it and green from it on. Without one Grafana has every number from 80 on red. */
  readonly redBelow: number;
}

/** Colours by value; the first is that of all lower ones. */
interface Thresholds {
  readonly mode: "absolute";
  readonly steps: readonly { readonly color: "red" | "green"; readonly value: number | null }[];
}

/** A dashboard in Grafana's JSON model, as far as it is used here. */
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly tags: readonly string[];
  readonly timezone: "browser";
  readonly schemaVersion: number;
  readonly refresh: string;
  readonly time: { readonly from: string; readonly to: string };
  readonly panels: readonly GrafanaPanel[];
}

export interface GrafanaPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly datasource: { readonly type: "prometheus"; readonly uid: string };
  /** Of a number: without a picture of its past. */
  readonly options?: { readonly graphMode: "none" };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig: {
    readonly defaults: {
      readonly unit: Unit;
      readonly min: 0;
      readonly noValue?: string;
      readonly thresholds?: Thresholds;
      readonly decimals?: 0;
      readonly custom?: { readonly axisSoftMax: number };
    };
    readonly overrides: [];
  };
  readonly targets: readonly {
    readonly refId: string;
    readonly expr: Expression;
    readonly legendFormat: string;
  }[];
}

/** Units of Grafana's grid: a row of panels fills the width. */
const WIDTH = 24;
const HEIGHT = 8;

/** Lays rows of panels out as a dashboard. */
export function dashboard(uid: string, title: string, rows: readonly (readonly Panel[])[]): Dashboard {
  const panels = rows.flatMap((row, y) =>
    row.map((panel, x) => ({ panel, x: (x * WIDTH) / row.length, y: y * HEIGHT, w: WIDTH / row.length })),
  );
  return {
    uid: `gatehouse-${uid}`,
    title: `Gatehouse: ${title}`,
    tags: ["gatehouse"],
    timezone: "browser",
    schemaVersion: 39,
    refresh: "30s",
    time: { from: "now-1h", to: "now" },
    panels: panels.map(({ panel, ...place }, index) => ({
      id: index + 1,
      ...(panel.stat === undefined
        ? { type: "timeseries" }
        : { type: "stat", options: { graphMode: "none" } }),
      title: panel.title,
      datasource: { type: "prometheus", uid: DATA_SOURCE },
      gridPos: { ...place, h: HEIGHT },
      fieldConfig: { defaults: defaults(panel), overrides: [] },
      targets: Object.entries(panel.lines).map(([legendFormat, expr], line) => ({
        refId: String.fromCharCode(65 + line),
        expr,
        legendFormat,
      })),
    })),
  };
}

function defaults({ unit, empty, stat }: Panel): GrafanaPanel["fieldConfig"]["defaults"] {
  return {
    unit,
    min: 0,
    ...(empty === undefined ? {} : { noValue: empty }),
    ...(stat === undefined ? {} : { thresholds: redBelow(stat.redBelow) }),
    // Else the axis of a line at 0 goes up to 100, and that of two replicas has halves.
    ...(unit === "none" ? { decimals: 0, custom: { axisSoftMax: 1 } } : {}),
  };
}

function redBelow(value: number): Thresholds {
  return {
    mode: "absolute",
    steps: [
      { color: "red", value: null },
      { color: "green", value },
    ],
  };
}
