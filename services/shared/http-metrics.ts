import type { Context, MiddlewareHandler } from "hono";
import type { Metrics } from "./metrics.ts";
import { problemCodes } from "./problem.ts";
import { routeOf } from "./route.ts";

/** Seconds, from a cached read to the gateway's patience; the gateway's own histograms have the same. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** Counts requests by route, how long they took, and refusals by code. */
export function countRequests(metrics: Metrics): MiddlewareHandler {
  const labels = ["method", "route", "status"] as const;
  const requests = metrics.counter("http_requests_total", "Requests answered", labels);
  const durations = metrics.histogram(
    "http_request_duration_seconds",
    "Time from a request to its answer",
    labels,
    BUCKETS,
  );
  const refusals = metrics.counter(
    "gatehouse_refusals_total",
    "Problems answered, by their code",
    ["code"],
    problemCodes.map((code) => ({ code })),
  );
  return async (c, next) => {
    const start = performance.now();
    await next();
    const answered = { method: methodOf(c), route: routeOf(c), status: String(c.res.status) };
    requests.inc(answered);
    durations.observe(answered, (performance.now() - start) / 1000);
    const code = c.get("problemCode");
    if (code !== undefined) refusals.inc({ code });
  };
}

/** A method that there is: HTTP/2 carries any text, and each would be a series of its own. */
function methodOf(c: Context): string {
  return METHODS.includes(c.req.method) ? c.req.method : "other";
}
