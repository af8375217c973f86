import type { TLSSocket } from "node:tls";
import type { Http2Bindings, HttpBindings } from "@hono/node-server";
import type { MiddlewareHandler } from "hono";
import type { Route } from "./catalog.ts";
import { pathPattern } from "./catalog.ts";
import { Problem } from "./problem.ts";

declare module "hono" {
  interface ContextVariableMap {
    /** The catalog's route that a request is on, once its caller was let in. */
    catalogRoute?: Route;
  }
}

/** Tells who makes a request: the common name of a client certificate of the platform's CA, if there is one. */
export type CallerOf = (bindings: unknown) => string | undefined;

/** The caller as TLS proved it. */
export const certificateCaller: CallerOf = (bindings) => {
  const { incoming } = bindings as HttpBindings | Http2Bindings;
  const connection = ("stream" in incoming ? incoming.stream.session : undefined) ?? incoming.socket;
  if (!callers.has(connection)) {
    callers.set(connection, callerOn(("socket" in connection ? connection.socket : connection) as TLSSocket));
  }
  return callers.get(connection);
};

/**
 * Callers by connection. A handshake proves a caller once and for all (TLS 1.3 has no renegotiation), and reading a
 * certificate is a sixth of the time that a service takes for a request.
 */
const callers = new WeakMap<object, string | undefined>();

function callerOn(socket: TLSSocket): string | undefined {
  if (!socket.authorized) return undefined;
  const name = socket.getPeerCertificate().subject.CN;
  return typeof name === "string" ? name : undefined;
}

/**
 * Refuses every request that the catalog does not name: without a certificate, on an unlisted route, or from a
 * caller whom the route does not list. A route that someone adds to an app but not to the catalog stays shut.
 */
export function requireCaller(routes: readonly Route[], callerOf: CallerOf): MiddlewareHandler {
  const find = routeFinder(routes);
  return async (c, next) => {
    const caller = callerOf(c.env);
    if (caller === undefined)
      throw new Problem("caller_refused", { detail: "A client certificate is required." });
    const route = find(c.req.method, c.req.path);
    if (route === undefined) throw new Problem("not_found");
    if (!route.callers.includes(caller)) throw new Problem("caller_refused");
    c.set("catalogRoute", route);
    await next();
  };
}

/** Finds the route of a request; HEAD is where GET is. */
function routeFinder(routes: readonly Route[]): (method: string, path: string) => Route | undefined {
  const rules = routes.map((route) => ({ route, pattern: new RegExp(pathPattern(route.path)) }));
  return (method, path) => {
    const wanted = method === "HEAD" ? "GET" : method;
    return rules.find(({ route, pattern }) => route.method === wanted && pattern.test(path))?.route;
  };
}
