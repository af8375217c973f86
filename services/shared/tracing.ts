import type { Context as SpanContext } from "@opentelemetry/api";
import type { Context, MiddlewareHandler } from "hono";
import { inRequest } from "./request-context.ts";
import { routeOf } from "./route.ts";

/** A request that is being answered, as a span. */
export interface RequestSpan {
  readonly traceId: string;
  /** What the spans of the work for this request hang from. */
  readonly context: SpanContext;
  end(outcome: { method: string; route: string; status: number; requestId: string | undefined }): void;
}

/**
 * What services tell of traces. Where none are wanted there is no such object, and nothing of OpenTelemetry is
 * loaded. Only work for a request is traced: what a service does by itself would be a trace every second.
 */
export interface Tracing {
  /** Starts the span of a request, in the trace that its headers tell of (W3C Trace Context). */
  startRequest(header: (name: string) => string | undefined): RequestSpan;
  /** Runs a call to another service as a span. `run` is given the headers that carry the trace on. */
  call<R>(name: string, peer: string, run: (headers: Record<string, string>) => Promise<R>): Promise<R>;
  /** Notes a statement of the database that has just ended; its text holds placeholders and no values. */
  statement(text: string, milliseconds: number, sqlState: string | undefined): void;
  /** Sends what is not sent yet. */
  stop(): Promise<void>;
}

/** Makes every request a span, and its trace known to all work for it. */
export function traceRequests(tracing: Tracing): MiddlewareHandler {
  return async (c, next) => {
    const span = tracing.startRequest((name) => c.req.header(name));
    await inRequest({ traceId: span.traceId, span: span.context }, next);
    span.end(outcomeOf(c));
  };
}

function outcomeOf(c: Context) {
  return {
    method: c.req.method,
    route: routeOf(c),
    status: c.res.status,
    requestId: c.res.headers.get("x-request-id") ?? undefined,
  };
}
