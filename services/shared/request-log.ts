import { randomUUID } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import type { Logger } from "./logging.ts";
import { inRequest } from "./request-context.ts";
import { routeOf } from "./route.ts";

/** The header in which a request's id goes from the gateway to the last service, and back to the client. */
export const REQUEST_ID = "x-request-id";

declare module "hono" {
  interface ContextVariableMap {
    /** Whether a request is one of many a second that are all alike: a line for each would hide the others. */
    routine?: true;
  }
}

/**
 * Gives a request an id, unless it brings one that can be logged, and logs one line for it. No header or body is
 * logged, nor the path, which a client chooses. The first service that a request meets, which is the gateway's check
 * of identity, makes the id: the gateway hands it on.
 */
export function logRequests(logger: Logger): MiddlewareHandler {
  return async (c, next) => {
    const start = performance.now();
    const given = c.req.header(REQUEST_ID) ?? "";
    const requestId = /^[\w-]{1,64}$/.test(given) ? given : randomUUID();
    await inRequest({ requestId }, async () => {
      // Before the answer is made: a header that comes later makes the whole answer anew.
      c.header(REQUEST_ID, requestId);
      await next();
      logger[c.get("routine") ? "debug" : "info"]({
        method: c.req.method,
        route: routeOf(c),
        status: c.res.status,
        code: c.get("problemCode"),
        milliseconds: Math.round(10 * (performance.now() - start)) / 10,
        userId: c.req.header("x-user-id"),
      });
    });
  };
}
