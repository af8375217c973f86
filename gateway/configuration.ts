import type { Catalog, Route } from "../services/shared/catalog.ts";
import { allRoutes, GATEWAY, pathPattern, routeName } from "../services/shared/catalog.ts";
import { IDLE_CONNECTION_SECONDS } from "../services/shared/lifetimes.ts";
import { limitPolicyOf } from "../services/shared/limit-policies.ts";
import { contradiction } from "./checks.ts";
import { SECURE_ENTRY_POINT, tlsOptions } from "./entrypoints.ts";
import type { ChainedRoute, MiddlewareOptions } from "./middlewares.ts";
import { middlewares, middlewaresFor } from "./middlewares.ts";
import type { GatewayConfiguration, Router, Service, ServersTransport } from "./terms.ts";

export interface GatewayOptions extends MiddlewareOptions {
  readonly drills: boolean;
}

/** Derives the whole gateway from the catalog. Pure: the same table gives the same objects, wherever they run. */
export function gatewayConfiguration(catalog: Catalog, options: GatewayOptions): GatewayConfiguration {
  const wrong = contradiction(options.checks, options.limits === "off" ? "off" : options.limits.mode);
  if (wrong !== undefined) throw new Error(wrong);
  const exposed = allRoutes(catalog, options).filter((route) => route.access !== "internal");
  const chained = exposed.map((route) => chainedRoute(catalog, route, options));
  const behind = [...new Set(exposed.map((route) => route.service))];
  return {
    routers: Object.fromEntries(exposed.map((route) => [routeName(route), router(catalog, route, options)])),
    middlewares: middlewares(options, chained),
    services: Object.fromEntries(behind.map((name) => [name, service(name)])),
    serversTransports: Object.fromEntries(behind.map((name) => [name, serversTransport(name)])),
    tlsOptions: { default: tlsOptions },
  };
}

function router(catalog: Catalog, route: Route, options: GatewayOptions): Router {
  return {
    rule: rule(route),
    priority: priority(route.path),
    entryPoints: [SECURE_ENTRY_POINT],
    middlewares: middlewaresFor(chainedRoute(catalog, route, options)),
    service: route.service,
  };
}

function chainedRoute(catalog: Catalog, route: Route, { limits }: GatewayOptions): ChainedRoute {
  if (route.access === "internal") throw new Error(`${route.path} is internal: it has no router`);
  return {
    access: route.access,
    readsCredentials: catalog[route.service]?.readsCredentials ?? false,
    servesPages: catalog[route.service]?.servesPages ?? false,
    limits: limits === "off" ? "off" : limits.mode,
    policy: limitPolicyOf(route),
  };
}

/** HEAD goes wherever GET goes (RFC 9110, section 9.1); any other method ends at the gateway with 404. */
function rule(route: Route): string {
  const method = route.method === "GET" ? "(Method(`GET`) || Method(`HEAD`))" : `Method(\`${route.method}\`)`;
  const path = route.path.includes("{")
    ? `PathRegexp(\`${pathPattern(route.path)}\`)`
    : `Path(\`${route.path}\`)`;
  return `${method} && ${path}`;
}

/** Fixed segments win over placeholders, whatever the length of the rule (which is Traefik's own measure). */
function priority(path: string): number {
  const placeholders = path.split("{").length - 1;
  return 1000 - placeholders;
}

function service(name: string): Service {
  // The client's Host header ends here: an odd authority must not reach a service.
  return { serversTransport: name, passHostHeader: false };
}

function serversTransport(name: string): ServersTransport {
  return {
    serverName: name,
    // Over HTTP/2 some odd but legal requests hang or fail between Traefik and Node.
    disableHTTP2: true,
    // Traefik keeps 2 by default: under load nearly every request would pay a handshake of mutual TLS.
    maxIdleConnsPerHost: 64,
    tls: { certificate: GATEWAY },
    forwardingTimeouts: {
      dialTimeout: "2s",
      responseHeaderTimeout: "15s",
      idleConnTimeout: `${IDLE_CONNECTION_SECONDS}s`,
    },
  };
}
