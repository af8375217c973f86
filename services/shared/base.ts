import type { AppDependencies } from "./app.ts";
import { watchCertificates } from "./certificate-metrics.ts";
import type { ServiceEnvironment } from "./config.ts";
import { Health } from "./health.ts";
import { createLogger } from "./logging.ts";
import { Metrics } from "./metrics.ts";

/** What every service has besides its domain. */
export interface ServiceBase extends AppDependencies {
  readonly environment: ServiceEnvironment;
}

/** Makes, once, where a service's process starts, what every service has: its health, its log and its metrics. */
export function createBase(service: string, environment: ServiceEnvironment): ServiceBase {
  const metrics = new Metrics(service);
  metrics.addProcessMetrics();
  watchCertificates(metrics, service, environment);
  return {
    environment,
    logger: createLogger(service, environment.LOG_LEVEL),
    metrics,
    health: new Health(),
    drills: environment.DRILLS,
  };
}
