import { randomUUID } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { routeOf } from "./http-metrics.ts";
import type { Logger } from "./logging.ts";

/** Logs one line for every request, and gives it an id that the answer carries. No header or body is logged. */
export function logRequests(logger: Logger): MiddlewareHandler {
  return async (c, next) => {
    const start = performance.now();
    const given = c.req.header("x-request-id") ?? "";
    const requestId = /^[\w-]{1,64}$/.test(given) ? given : randomUUID();
    await next();
    c.header("x-request-id", requestId);
    logger.info({
      requestId,
      method: c.req.method,
      route: routeOf(c),
      status: c.res.status,
      milliseconds: Math.round(10 * (performance.now() - start)) / 10,
      userId: c.req.header("x-user-id"),
    });
  };
}
