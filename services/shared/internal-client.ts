import { readFileSync } from "node:fs";
import { circuitBreaker, CircuitState, ConsecutiveBreaker, handleAll } from "cockatiel";
import { Agent } from "undici";
import type { ServiceEnvironment } from "./config.ts";
import type { Metrics } from "./metrics.ts";
import { requestContext } from "./request-context.ts";
import { REQUEST_ID } from "./request-log.ts";
import { RetryBudget } from "./retry-budget.ts";
import type { Tracing } from "./tracing.ts";

export interface Answer {
  readonly status: number;
  /** The parsed body. */
  readonly body: unknown;
}

export interface InternalClient {
  /**
   * Sends JSON to another service. It must be no harm to send the same twice: where a connection breaks, the call is
   * made once more on another, as long as such calls are few.
   * @throws Error where no answer came in time, and at once while the service is known to be unwell
   */
  post(path: string, body: unknown): Promise<Answer>;
  /** Asks another service for JSON; fails as `post` does. */
  get(path: string): Promise<Answer>;
  close(): Promise<void>;
}

/** Who the caller is, and who is told how its calls go. */
export interface InternalClientBase {
  readonly environment: Pick<ServiceEnvironment, "TLS_CA_FILE" | "TLS_CERT_FILE" | "TLS_KEY_FILE">;
  readonly metrics: Metrics;
  readonly tracing?: Tracing | undefined;
}

export interface InternalClientOptions {
  /** Name in the certificate of the service that is called. */
  readonly service: string;
  /** Base URL of that service. */
  readonly url: string;
  /** Milliseconds that a call may take in all. */
  readonly timeout: number;
}

/** What a request consists of besides its path. */
interface Content {
  readonly method: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Of the calls to a service, one in five may be made again, and ten in a row when a replica dies. */
const RETRY_PART = 0.2;
const RETRY_RESERVE = 10;
/** Calls in a row that must fail before we stop calling. */
const BREAKER_FAILURES = 5;
/** Milliseconds after which one call tries whether the service is well again. */
const BREAKER_PAUSE = 2_000;

/**
 * Calls another service over mTLS: we show our certificate and take no other service for the one we mean. A
 * circuit breaker spares callers the wait, and the service the calls, while it is unwell.
 */
export function openInternalClient(
  { environment, metrics, tracing }: InternalClientBase,
  { service, url, timeout }: InternalClientOptions,
): InternalClient {
  const agent = new Agent({
    connections: 32,
    // One HTTP/2 connection would pin all calls to one replica.
    allowH2: false,
    connect: {
      ca: readFileSync(environment.TLS_CA_FILE),
      cert: readFileSync(environment.TLS_CERT_FILE),
      key: readFileSync(environment.TLS_KEY_FILE),
      servername: service,
      timeout,
    },
  });
  const breaker = circuitBreaker(
    handleAll.orWhenResult((answer) => (answer as Answer).status >= 500),
    { halfOpenAfter: BREAKER_PAUSE, breaker: new ConsecutiveBreaker(BREAKER_FAILURES) },
  );
  metrics.watch(
    "gatehouse_circuit_breaker_open",
    "1 while calls to another service are held back",
    { callee: service },
    () => (breaker.state === CircuitState.Open ? 1 : 0),
  );
  const budget = new RetryBudget(RETRY_PART, RETRY_RESERVE);
  async function ask(path: string, content: Content, traceHeaders: Record<string, string>): Promise<Answer> {
    const signal = AbortSignal.timeout(timeout);
    const headers = { ...content.headers, ...requestIdHeader(), ...traceHeaders };
    const attempt = async () => {
      const { statusCode, body } = await agent.request({ origin: url, path, ...content, headers, signal });
      return { status: statusCode, body: await body.json() };
    };
    budget.earn();
    return attempt().catch((error: unknown) => {
      if (!isBrokenConnection(error) || !budget.spend()) throw error;
      return attempt();
    });
  }
  const send = (path: string, content: Content) =>
    breaker.execute(() =>
      tracing === undefined
        ? ask(path, content, {})
        : tracing.call(`${content.method} ${path}`, service, (headers) => ask(path, content, headers)),
    );
  return {
    post: (path, body) =>
      send(path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    get: (path) => send(path, { method: "GET" }),
    close: () => agent.close(),
  };
}

/** The id of the request that the call is part of. */
function requestIdHeader(): Record<string, string> {
  const requestId = requestContext()?.requestId;
  return requestId === undefined ? {} : { [REQUEST_ID]: requestId };
}

/** Whether a replica went away. One that answers, whatever it says, or is too slow is not asked again at once. */
function isBrokenConnection(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return ["ECONNRESET", "ECONNREFUSED", "EPIPE", "UND_ERR_SOCKET"].includes(String(code));
}
