import type { MiddlewareHandler } from "hono";

/** The headers in which the limiter, and nobody else, says what a client has left. */
export const RATE_LIMIT_HEADERS = ["RateLimit", "RateLimit-Policy"] as const;

/**
 * Says in the answer what the gateway's check has put on the request: the gateway can pass a header of an allowed
 * request's check to the service alone. What a client wrote into these headers it has removed.
 */
export function echoRateLimit(): MiddlewareHandler {
  return async (c, next) => {
    for (const name of RATE_LIMIT_HEADERS) {
      const value = c.req.header(name);
      if (value !== undefined) c.header(name, value);
    }
    await next();
  };
}
