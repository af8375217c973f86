import type { AppDependencies } from "./app.ts";
import { watchCertificates } from "./certificate-metrics.ts";
import type { ServiceEnvironment } from "./config.ts";
import { Health } from "./health.ts";
import { createLogger } from "./logging.ts";
import { Metrics } from "./metrics.ts";
import type { Tracing } from "./tracing.ts";

/** What every service has besides its domain. */
export interface ServiceBase extends AppDependencies {
  readonly environment: ServiceEnvironment;
}

/** Makes, once, where a service's process starts, what every service has: its health, log, metrics and traces. */
export async function createBase(service: string, environment: ServiceEnvironment): Promise<ServiceBase> {
  const metrics = new Metrics(service);
  metrics.addProcessMetrics();
  watchCertificates(metrics, service, environment);
  return {
    environment,
    logger: createLogger(service, environment.LOG_LEVEL),
    metrics,
    tracing: await startTracing(service, environment),
    health: new Health(),
    drills: environment.DRILLS,
  };
}

/** OpenTelemetry is a third of a service's code: it is loaded where somebody wants traces. */
async function startTracing(
  service: string,
  { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }: ServiceEnvironment,
): Promise<Tracing | undefined> {
  if (endpoint === undefined) return undefined;
  const openTelemetry = await import("./open-telemetry.ts");
  return openTelemetry.startTracing(service, endpoint);
}
