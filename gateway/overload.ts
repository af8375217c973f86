import type { Middleware } from "./terms.ts";

/**
 * Requests that one gateway instance lets in for one route, from all sources together, before anybody is asked who
 * they are. More than the services work on at once, so that these are never idle, and more than one source may have.
 */
export const REQUESTS_PER_ROUTE = 48;

/** Seconds after which a refused client is to come back. */
const RETRY_AFTER = 1;

/** Names of the middlewares that answer 503 with `Retry-After`, outermost first. */
export const REFUSING = ["retry-later", "let-nobody-in"] as const;

/** What only the breaker answers: a status that no service has, so that it can be told from theirs. */
const BROKEN = 529;

/**
 * What keeps an overload at the door, where a refusal costs least, and what spares clients the wait for a service
 * that does not answer. Traefik's own refusals lack `Retry-After`, so that each is replaced by one that has it.
 */
export function overloadMiddlewares(): Record<string, Middleware> {
  return {
    // The header was removed at the beginning of the chain: all requests count as one source.
    bulkhead: {
      inFlightReq: { amount: REQUESTS_PER_ROUTE, sourceCriterion: { requestHeaderName: "X-User-Role" } },
    },
    // On 502 and 504 alone: a service that refuses with 503 is at work, and opening would end that.
    breaker: {
      circuitBreaker: {
        expression: "NetworkErrorRatio() > 0.5",
        checkPeriod: "500ms",
        fallbackDuration: "2s",
        recoveryDuration: "2s",
        responseCode: BROKEN,
      },
    },
    "refuse-overload": refusal(429),
    "refuse-broken": refusal(BROKEN),
    "retry-later": { headers: { customResponseHeaders: { "Retry-After": String(RETRY_AFTER) } } },
    // Nobody calls from this address, which is reserved: a middleware that lets no request through.
    "let-nobody-in": { ipAllowList: { sourceRange: ["255.255.255.255/32"], rejectStatusCode: 503 } },
  };
}

/** Answers 503 with `Retry-After` in place of a status. */
function refusal(status: number): Middleware {
  return {
    errors: {
      status: [String(status)],
      statusRewrites: { [String(status)]: 503 },
      answeredBy: REFUSING,
    },
  };
}
