import { describe, expect, it } from "vitest";
import type { Span } from "./span.ts";
import { Traces } from "./traces.ts";

const span = (traceId: string, spanId: string, parentSpanId: string, start: number, end: number): Span => ({
  ...{ traceId, spanId, parentSpanId, name: spanId, service: "orders", failed: false, attributes: {} },
  start: BigInt(start) * 1_000_000n,
  end: BigInt(end) * 1_000_000n,
});

const outline = (traces: Traces) =>
  traces
    .latest(10)
    .map(({ id, rows }) => [
      id,
      ...rows.map((row) => `${"  ".repeat(row.depth)}${row.span.name} ${row.offset}+${row.duration}`),
    ]);

describe("traces", () => {
  it("are trees of spans in the order of time, however they came", () => {
    const traces = new Traces();
    traces.add([span("t", "statement", "orders", 130, 140), span("t", "orders", "root", 120, 150)]);
    traces.add([span("t", "check", "root", 105, 115), span("t", "root", "", 100, 160)]);
    expect(outline(traces)).toEqual([
      ["t", "root 0+60", "  check 5+10", "  orders 20+30", "    statement 30+10"],
    ]);
    expect(traces.latest(1)[0]?.duration).toBe(60);
  });

  it("show spans whose parents never came, and none twice where one is its own ancestor", () => {
    const traces = new Traces();
    traces.add([
      span("t", "late", "missing", 10, 20),
      span("loop", "a", "b", 0, 1),
      span("loop", "b", "a", 0, 1),
    ]);
    expect(outline(traces)).toEqual([["t", "late 0+10"]]);
  });

  it("are kept up to a number, the latest of them, with a bound on their spans", () => {
    const traces = new Traces();
    for (let number = 0; number < 80; number++)
      traces.add([span(`t${number}`, "root", "", number, number + 1)]);
    expect(traces.latest(100).map(({ id }) => id)).toEqual(
      Array.from({ length: 50 }, (_, index) => `t${79 - index}`),
    );
    for (let number = 0; number < 1000; number++) traces.add([span("t79", `s${number}`, "root", 80, 81)]);
    expect(traces.latest(1)[0]?.rows).toHaveLength(200);
  });
});
