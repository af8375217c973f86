import type { Checks } from "./checks.ts";

/**
 * What the gateway tells of itself, in the words of Traefik's static configuration. The local platform writes it to a
 * file, the stack passes it to the chart.
 */

/**
 * `accessLog`: one JSON line a request. What is not named here is not logged: no header of the client but those that
 * the platform has set by then, and no query string, which clients fill with all kinds of secrets.
 */
export function accessLogOptions(checks: Checks) {
  const fields = [
    ...["StartUTC", "entryPointName", "ClientHost", "RequestMethod", "RequestPath", "RequestProtocol"],
    ...["RouterName", "ServiceName", "ServiceAddr", "DownstreamStatus", "Duration", "RetryAttempts"],
    ...["TraceId", "ClientUsername"],
  ];
  // ClientUsername comes from ForwardAuth alone; the plugin names the user in the answer.
  const headers = ["X-Request-Id", ...(checks === "gateway" ? ["X-User-Id"] : [])];
  return {
    format: "json",
    fields: {
      defaultMode: "drop",
      names: kept(fields),
      headers: { defaultMode: "drop", names: kept(headers) },
      queryParameters: { defaultMode: "drop" },
    },
  } as const;
}

const kept = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, "keep"]));

/** Name of the entry point that shows the metrics, at `/metrics`; nobody outside reaches it. */
export const METRICS_ENTRY_POINT = "metrics";

/** `metrics.prometheus` without its buckets, which the file has as numbers and the chart as a text. */
export const prometheusOptions = {
  entryPoint: METRICS_ENTRY_POINT,
  addEntryPointsLabels: true,
  addRoutersLabels: true,
  addServicesLabels: true,
} as const;

/** Seconds; the services' histograms have the same. */
export const latencyBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] as const;

/**
 * `tracing`: every request is a trace, whose context goes on to the checks of identity and to the services.
 * @param endpoint base URL of a collector that takes OTLP over HTTP
 */
export function tracingOptions(endpoint: string) {
  const url = `${endpoint.replace(/\/$/, "")}/v1/traces`;
  return { serviceName: "gateway", otlp: { http: { endpoint: url } } } as const;
}
