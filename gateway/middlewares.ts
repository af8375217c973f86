import type { Access } from "../services/shared/catalog.ts";
import { GATEWAY, MAX_BODY_BYTES } from "../services/shared/catalog.ts";
import { RATE_LIMIT_HEADERS } from "../services/shared/rate-limit-echo.ts";
import type { Checks } from "./checks.ts";
import type { Limits, LimitsMode } from "./limits.ts";
import { overloadMiddlewares } from "./overload.ts";
import type { Middleware } from "./terms.ts";

/** The header with a request's id: the first check makes it or keeps the client's, and everyone hands it on. */
const REQUEST_ID_HEADER = "X-Request-ID";

/** The headers in which the platform, and nobody else, tells a service who is calling. */
export const IDENTITY_HEADERS = ["X-User-ID", "X-User-Role"] as const;

/** Bytes of a body up to which an idempotent request is sent again. */
const REPEATED_BODY_BYTES = 1024;

/** Bytes that a check's refusal can have; Traefik takes a buffer of this length for each check. */
const CHECK_ANSWER_BYTES = 2 * 1024;

export interface MiddlewareOptions {
  readonly checks: Checks;
  readonly limits: Limits | "off";
  /** `max-age` of Strict-Transport-Security in seconds; 0 where the host is shared with others, as localhost is. */
  readonly hstsSeconds: number;
  /** Base URL at which the gateway reaches a service for ForwardAuth. */
  readonly forwardAuthAddress: (service: string) => string;
}

/** A route as its chain of middlewares depends on it. */
export interface ChainedRoute {
  readonly access: Access;
  readonly readsCredentials: boolean;
  readonly servesPages: boolean;
  readonly limits: LimitsMode | "off";
  /** Name of the route's limit, where it is counted centrally. */
  readonly policy: string;
}

/**
 * All middlewares by name. Which of them a route passes is decided in {@link middlewaresFor}.
 * @param routes those that the middlewares are for
 */
export function middlewares(
  options: MiddlewareOptions,
  routes: readonly ChainedRoute[],
): Record<string, Middleware> {
  return {
    "strip-identity": blankRequestHeaders([...IDENTITY_HEADERS, ...RATE_LIMIT_HEADERS]),
    "strip-credentials": blankRequestHeaders(["Authorization", "Cookie"]),
    "security-headers": securityHeaders(options.hstsSeconds, "default-src 'none'; frame-ancestors 'none'"),
    "page-security-headers": securityHeaders(options.hstsSeconds, PAGE_POLICY),
    ...(options.limits === "off" ? {} : limitMiddlewares(options.limits)),
    // A body is read whole before anything behind is asked. A slow one holds no connection to a service then, and one
    // that a service would refuse while it still comes does not end a connection that others' requests are on.
    "whole-body": {
      buffering: { maxRequestBodyBytes: MAX_BODY_BYTES, memRequestBodyBytes: MAX_BODY_BYTES },
    },
    // Both retries take a buffer for each request, as long as the longest body that they send again: a request with a
    // longer one is sent once.
    // A check fails with 500 where the replica that it asked died: another one is asked, once. A service's own 500
    // gets the same second chance, which is all that Traefik can tell apart.
    "retry-checks": {
      retry: {
        attempts: 2,
        initialInterval: "50ms",
        timeout: "5s",
        maxRequestBodyBytes: REPEATED_BODY_BYTES,
        status: ["500"],
        disableRetryOnNetworkError: true,
      },
    },
    // A replica that died is asked no more after the next health check, which these attempts outlast. A POST is
    // repeated only when no byte of it was sent.
    "retry-service": {
      retry: {
        attempts: 6,
        initialInterval: "200ms",
        timeout: "5s",
        maxRequestBodyBytes: REPEATED_BODY_BYTES,
        status: ["502"],
        disableRetryOnNetworkError: false,
      },
    },
    ...Object.fromEntries(routes.map((route) => [firstCheck(route), firstCheckOf(route, options)])),
    ...overloadMiddlewares(),
    "authorize-admin": forwardAuth(`${options.forwardAuthAddress("authorization")}/validate?role=admin`, {
      sees: ["X-User-ID", REQUEST_ID_HEADER],
      sets: ["X-User-Role"],
    }),
  };
}

/**
 * The middlewares of a route, outermost first. Every chain begins by removing the identity headers, so that a
 * service can only ever see those that the checks further in have set.
 */
export function middlewaresFor(route: ChainedRoute): string[] {
  return [
    "strip-identity",
    route.servesPages ? "page-security-headers" : "security-headers",
    ...(route.limits === "per-gateway" ? ["rate-limit"] : []),
    ...(route.limits === "off" ? [] : ["in-flight"]),
    // It holds answers in memory too, for which pages and their scripts are too large.
    ...(route.servesPages ? [] : ["whole-body"]),
    ...checksFor(route),
    "refuse-broken",
    "breaker",
    "retry-service",
    ...(route.readsCredentials ? [] : ["strip-credentials"]),
  ];
}

/** The bound on requests in flight, with what makes its refusal one that clients understand. */
const ROOM = ["refuse-overload", "bulkhead"];

/**
 * The checks of a route and its bound on requests in flight. A refusal costs least before any check. But the bound
 * stands behind a check that counts requests itself: its 429 must reach the client as it is, and Traefik could not
 * tell it from the bound's.
 */
function checksFor(route: ChainedRoute): string[] {
  const first = ["retry-checks", firstCheck(route)];
  const guarded = route.limits === "central" ? [...first, ...ROOM] : [...ROOM, ...first];
  switch (route.access) {
    case "public":
      return route.limits === "central" ? first : [];
    case "user":
      return guarded;
    case "admin":
      return [...guarded, "authorize-admin"];
  }
}

/** Name of the check that a request meets first: of its token and, with central limits, of what its client may ask. */
function firstCheck({ access, limits, policy }: ChainedRoute): string {
  if (limits !== "central") return "authenticate";
  return access === "public" ? `limit-${policy}` : `authenticate-${policy}`;
}

function firstCheckOf({ access, limits, policy }: ChainedRoute, options: MiddlewareOptions): Middleware {
  const authentication = options.forwardAuthAddress("authentication");
  const query = limits === "central" ? `?limit=${policy}` : "";
  const left = limits === "central" ? RATE_LIMIT_HEADERS : [];
  if (access === "public" && limits === "central")
    // An empty list would show it every header.
    return forwardAuth(`${authentication}/limit${query}`, {
      sees: ["Accept", REQUEST_ID_HEADER],
      sets: [REQUEST_ID_HEADER, ...left],
    });
  if (options.checks === "gateway")
    return { plugin: { sessions: { address: authentication, tls: { certificate: GATEWAY } } } };
  return forwardAuth(`${authentication}/validate${query}`, {
    sees: ["Authorization", "Cookie", REQUEST_ID_HEADER],
    sets: ["X-User-ID", REQUEST_ID_HEADER, ...left],
    names: "X-User-ID",
  });
}

function limitMiddlewares(limits: Limits): Record<string, Middleware> {
  // Depth 0 is the address of the connection itself: no header can choose the bucket.
  const sourceCriterion = { ipStrategy: { depth: 0 } };
  const inFlight = { "in-flight": { inFlightReq: { amount: limits.concurrent, sourceCriterion } } };
  if (limits.mode === "central") return inFlight;
  return {
    "rate-limit": {
      rateLimit: { average: limits.requestsPerMinute, period: "1m", burst: limits.burst, sourceCriterion },
    },
    ...inFlight,
  };
}

/** Traefik removes a request header whose custom value is empty. */
function blankRequestHeaders(names: readonly string[]): Middleware {
  return { headers: { customRequestHeaders: Object.fromEntries(names.map((name) => [name, ""])) } };
}

/** Scripts and styles of the gateway's own origin, and nothing of any other; a page's script may call the API. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

function securityHeaders(hstsSeconds: number, contentSecurityPolicy: string): Middleware {
  return {
    headers: {
      contentTypeNosniff: true,
      frameDeny: true,
      referrerPolicy: "no-referrer",
      contentSecurityPolicy,
      ...(hstsSeconds > 0 ? { stsSeconds: hstsSeconds } : {}),
    },
  };
}

/** @param headers what a check sees, what it sets for those behind, and which of these is the user in the access log */
function forwardAuth(
  address: string,
  headers: { sees: readonly string[]; sets: readonly string[]; names?: string },
): Middleware {
  return {
    forwardAuth: {
      address,
      trustForwardHeader: false,
      maxResponseBodySize: CHECK_ANSWER_BYTES,
      authRequestHeaders: headers.sees,
      authResponseHeaders: headers.sets,
      ...(headers.names === undefined ? {} : { headerField: headers.names }),
      tls: { certificate: GATEWAY },
    },
  };
}
