import { setTimeout as sleep } from "node:timers/promises";
import type { Headers } from "undici";
import { Agent, fetch } from "undici";
import { NetworkError } from "./errors.ts";
import { networkError } from "./network-error.ts";
import type { Outputs } from "./outputs.ts";
import { retryAfterSeconds } from "./refusal.ts";

export interface GatewayRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether sending it twice is the same as once, so that it is sent again where no good answer came. */
  readonly repeatable?: boolean;
  /** What to do as soon as the head of the answer is there, before its body is read. */
  readonly onHead?: (head: { status: number; headers: Headers }) => Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** Whether it is the answer to a second attempt. */
  readonly repeated: boolean;
}

/** The platform's one entry, over TLS that trusts the platform's CA and nobody else. */
export interface Gateway {
  /** @throws NetworkError where no answer came */
  send(request: GatewayRequest): Promise<Answer>;
  close(): Promise<void>;
}

/** Longer than the gateway itself waits for a service. */
const TIMEOUT_MS = 30_000;
const LONGEST_PAUSE_MS = 2_000;
const PAUSE_MS = 250;

export function openGateway({ gatewayUrl, gatewayCa }: Outputs): Gateway {
  const agent = new Agent({ connect: { ca: gatewayCa } });
  return {
    send: (request) => (request.repeatable === true ? sendTwice(request) : send(request)),
    close: () => agent.destroy(),
  };

  async function send(request: GatewayRequest): Promise<Answer> {
    const { status, headers, ...response } = await attempt(() => start(request));
    await request.onHead?.({ status, headers });
    return { status, headers, body: await attempt(response.text), repeated: false };
  }

  async function start({ method, path, query, body, headers }: GatewayRequest) {
    const url = new URL(path, gatewayUrl);
    url.search = new URLSearchParams(query).toString();
    const response = await fetch(url, {
      dispatcher: agent,
      method,
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      // The API redirects nowhere, and a cookie must not follow elsewhere.
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { status: response.status, headers: response.headers, text: () => response.text() };
  }

  async function attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw networkError(error, gatewayUrl);
    }
  }

  async function sendTwice(request: GatewayRequest): Promise<Answer> {
    const first = await send(request).catch(networkErrorOnly);
    if (!(first instanceof NetworkError) && ![502, 503, 504].includes(first.status)) return first;

    const wanted = first instanceof NetworkError ? undefined : retryAfterSeconds(first.headers);
    await sleep(wanted === undefined ? PAUSE_MS : Math.min(wanted * 1000, LONGEST_PAUSE_MS));

    const second = await send(request).catch(networkErrorOnly);
    if (!(second instanceof NetworkError)) return { ...second, repeated: true };
    const arrived = first instanceof NetworkError ? first.mayHaveArrived : true;
    throw arrived ? second.afterArrival() : second;
  }
}

function networkErrorOnly(error: unknown): NetworkError {
  if (error instanceof NetworkError) return error;
  throw error;
}
