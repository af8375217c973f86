import type { ConnectionOptions } from "node:tls";
import type { Dispatcher } from "undici";

/** What clients ask, and of whom. */
export interface Target {
  /** What its answers are counted as; its path where it says nothing. */
  readonly kind?: string;
  readonly origin: string;
  readonly path: string;
  readonly method?: "GET" | "POST";
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly tls: Pick<ConnectionOptions, "ca" | "cert" | "key" | "servername">;
}

export interface Answer {
  readonly status: number;
  /** Whether it says when to come back. */
  readonly retryAfter: boolean;
}

/** Sends one request by undici's lowest layer, for the platform has to share the machine. @throws what the connection throws */
export function dispatch(dispatcher: Dispatcher, target: Target): Promise<Answer> {
  const { origin, path, method = "GET", headers, body = null } = target;
  return new Promise((resolve, reject) => {
    let answer: Answer = { status: 0, retryAfter: false };
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: () => undefined,
      onResponseStart: (_controller, status, answered) => {
        answer = { status, retryAfter: answered["retry-after"] !== undefined };
      },
      onResponseData: () => undefined,
      onResponseEnd: () => resolve(answer),
      onResponseError: (_controller, error) => reject(error),
    };
    dispatcher.dispatch({ origin, path, method, headers, body }, handler);
  });
}
