import type { Span } from "./span.ts";

/** Traces and spans of one that are kept; what comes beyond is left out. */
const MAX_TRACES = 50;
const MAX_SPANS = 200;

/** One span in its place in a trace. */
export interface Row {
  readonly span: Span;
  /** How many spans it is under. */
  readonly depth: number;
  /** Milliseconds from the trace's begin. */
  readonly offset: number;
  readonly duration: number;
}

/** A request from its first span to its last. */
export interface Trace {
  readonly id: string;
  /** When it began, in milliseconds since 1970. */
  readonly at: number;
  /** Milliseconds. */
  readonly duration: number;
  /** A span before those under it, those beside each other by time. */
  readonly rows: readonly [Row, ...Row[]];
}

/** The latest traces that were sent here. */
export class Traces {
  readonly #spans = new Map<string, Span[]>();

  add(spans: readonly Span[]): void {
    for (const span of spans) {
      const known = this.#spans.get(span.traceId);
      if (known === undefined) this.#spans.set(span.traceId, [span]);
      else if (known.length < MAX_SPANS) known.push(span);
    }
    for (const id of this.#spans.keys()) {
      if (this.#spans.size <= MAX_TRACES) break;
      this.#spans.delete(id);
    }
  }

  /** The latest ones, the newest first. */
  latest(count: number): Trace[] {
    return Array.from(this.#spans, ([id, spans]) => traceOf(id, spans))
      .filter((trace) => trace !== undefined)
      .sort((one, other) => other.at - one.at)
      .slice(0, count);
  }
}

/** Undefined where there are no spans. */
function traceOf(id: string, spans: readonly Span[]): Trace | undefined {
  const byTime = spans.toSorted((one, other) => Number(one.start - other.start));
  const begin = byTime[0]?.start ?? 0n;
  const end = byTime.reduce((last, span) => (span.end > last ? span.end : last), begin);
  const known = new Set(byTime.map(({ spanId }) => spanId));
  // Where the span above has not come (yet), or never will, this one stands for itself.
  const under = Map.groupBy(byTime, ({ parentSpanId }) => (known.has(parentSpanId) ? parentSpanId : ""));

  const seen = new Set<Span>();
  const rowsUnder = (parent: string, depth: number): Row[] =>
    (under.get(parent) ?? []).flatMap((span) => {
      if (seen.has(span)) return [];
      seen.add(span);
      const row = {
        span,
        depth,
        offset: milliseconds(span.start - begin),
        duration: milliseconds(span.end - span.start),
      };
      return [row, ...rowsUnder(span.spanId, depth + 1)];
    });
  const [first, ...rest] = rowsUnder("", 0);
  if (first === undefined) return undefined;
  return { id, at: milliseconds(begin), duration: milliseconds(end - begin), rows: [first, ...rest] };
}

function milliseconds(nanoseconds: bigint): number {
  return Number(nanoseconds) / 1e6;
}
