import { readFileSync } from "node:fs";
import type { Http2SecureServer } from "node:http2";
import { createSecureServer } from "node:http2";
import { createAdaptorServer } from "@hono/node-server";
import type { Hono } from "hono";
import type { ServiceEnvironment } from "./config.ts";
import { trackConnections } from "./connections.ts";
import type { Health } from "./health.ts";
import { IDLE_CONNECTION_SECONDS } from "./lifetimes.ts";
import type { Logger } from "./logging.ts";
import type { Metrics } from "./metrics.ts";
import type { Tracing } from "./tracing.ts";

/** Milliseconds after SIGTERM at which what is still open is cut, so that the process ends within 10 s. */
const DRAIN_TIMEOUT = 9_000;

/**
 * Room for whatever 12 KiB of headers, the most that the gateway lets in, become over HTTP/2: a Cookie header comes
 * as one pair for each cookie, and each pair counts 32 bytes besides. By default Node resets the stream, which the
 * gateway would answer with 500.
 */
const headerRoom = { maxHeaderListPairs: 8_192, settings: { maxHeaderListSize: 384 * 1024 } };

/** The curves of Mozilla's "modern" profile, as the gateway's entry has them. */
const CURVES = "X25519:P-256:P-384";

/**
 * Milliseconds for which an idle HTTP/1.1 connection is kept: longer than the gateway keeps it. Node's 5 s would close one just
 * when a request is sent on it, and a POST that may have arrived is not sent again: the client would get 502.
 */
const KEEP_ALIVE_TIMEOUT = (IDLE_CONNECTION_SECONDS + 10) * 1000;

export interface ServeOptions {
  readonly environment: ServiceEnvironment;
  readonly health: Health;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly tracing?: Tracing | undefined;
  /** What to close once the last request is answered, in this order. */
  readonly close: readonly (() => Promise<unknown>)[];
}

/**
 * Serves an app over HTTPS, HTTP/2 and HTTP/1.1, asking every client for a certificate; whether one is needed
 * is decided per route. On SIGTERM it fails readiness, waits for balancers to notice, finishes what is in
 * flight, closes the pools and exits 0.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- an app of any environment can be served
export async function serve(app: Hono<any>, options: ServeOptions): Promise<void> {
  const { environment, logger } = options;
  const server = createAdaptorServer({
    fetch: app.fetch,
    createServer: createSecureServer,
    serverOptions: {
      allowHTTP1: true,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
      // As node:https has it by itself: else the rest of an answer in several writes waits for the first to be acknowledged.
      noDelay: true,
      ca: readFileSync(environment.TLS_CA_FILE),
      cert: readFileSync(environment.TLS_CERT_FILE),
      key: readFileSync(environment.TLS_KEY_FILE),
      minVersion: "TLSv1.3",
      ecdhCurve: CURVES,
      requestCert: true,
      rejectUnauthorized: false,
      ...headerRoom,
    },
  }) as Http2SecureServer;
  const connections = trackConnections(server);
  const handshakes = options.metrics.counter(
    "gatehouse_tls_handshakes_total",
    "TLS handshakes completed with clients",
    [],
    [{}],
  );
  server.on("secureConnection", () => handshakes.inc());

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(environment.PORT, environment.HOST, resolve);
  });
  logger.info({ port: environment.PORT }, "serving");

  let stopping = false;
  const stop = async (signal: string) => {
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, "stopping");
    setTimeout(() => process.exit(0), DRAIN_TIMEOUT).unref();
    options.health.drain();
    await new Promise((resolve) => setTimeout(resolve, environment.SHUTDOWN_DELAY_MS));
    await connections.drain();
    for (const close of options.close) await close();
    await options.tracing
      ?.stop()
      .catch((error: unknown) => logger.warn({ err: error }, "the last traces are lost"));
    logger.info("stopped");
    process.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, (name: string) => void stop(name));
}
