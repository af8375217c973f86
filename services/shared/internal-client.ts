import { readFileSync } from "node:fs";
import { Agent } from "undici";
import type { ServiceEnvironment } from "./config.ts";

export interface InternalClient {
  /** Sends JSON to another service and gives its status and parsed answer. */
  post(path: string, body: unknown): Promise<{ status: number; body: unknown }>;
  close(): Promise<void>;
}

export interface InternalClientOptions {
  /** Name in the certificate of the service that is called. */
  readonly service: string;
  /** Base URL of that service. */
  readonly url: string;
  /** Milliseconds that a call may take in all. */
  readonly timeout: number;
}

/** Calls another service over mTLS: we show our certificate and take no other service for the one we mean. */
export function openInternalClient(
  environment: Pick<ServiceEnvironment, "TLS_CA_FILE" | "TLS_CERT_FILE" | "TLS_KEY_FILE">,
  { service, url, timeout }: InternalClientOptions,
): InternalClient {
  const agent = new Agent({
    connections: 32,
    connect: {
      ca: readFileSync(environment.TLS_CA_FILE),
      cert: readFileSync(environment.TLS_CERT_FILE),
      key: readFileSync(environment.TLS_KEY_FILE),
      servername: service,
      timeout,
    },
  });
  return {
    async post(path, body) {
      const { statusCode, body: answer } = await agent.request({
        origin: url,
        path,
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(timeout),
      });
      return { status: statusCode, body: await answer.json() };
    },
    close: () => agent.close(),
  };
}
