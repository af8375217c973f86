import { OpenAPIHono } from "@hono/zod-openapi";
import { catalog } from "../catalog.ts";
import { admit } from "./admission.ts";
import { checkBody } from "./body.ts";
import type { CallerOf } from "./callers.ts";
import { certificateCaller, requireCaller } from "./callers.ts";
import { METRICS_PATH, serviceRoutes } from "./catalog.ts";
import type { Health } from "./health.ts";
import { mountHealth } from "./health.ts";
import type { Logger } from "./logging.ts";
import { countRequests } from "./http-metrics.ts";
import type { Metrics } from "./metrics.ts";
import { answerProblem, Problem, problemHandler } from "./problem.ts";
import { echoRateLimit } from "./rate-limit-echo.ts";
import { logRequests } from "./request-log.ts";
import type { Tracing } from "./tracing.ts";
import { traceRequests } from "./tracing.ts";

/** What the app of every service needs from its main. */
export interface AppDependencies {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Undefined where nothing is traced. */
  readonly tracing?: Tracing | undefined;
  readonly health: Health;
  readonly drills: boolean;
  /** Stands in for TLS where an app is tested in memory. */
  readonly callerOf?: CallerOf;
}

/**
 * A service's app with all that services have in common: health, the check of the caller against the catalog,
 * limits on bodies and on how much is done at once, problems, logs and metrics of requests, its OpenAPI document and
 * the drill.
 */
export function createServiceApp(service: keyof typeof catalog, dependencies: AppDependencies): OpenAPIHono {
  const { logger, metrics, tracing, health, drills, callerOf = certificateCaller } = dependencies;
  const routes = serviceRoutes(catalog, service, { drills });
  const app = new OpenAPIHono({
    defaultHook: (result) => {
      if (result.success) return;
      const errors = result.error.issues.map(({ path, message }) => ({ field: path.join("."), message }));
      throw new Problem("validation_failed", { errors });
    },
  });
  app.onError(problemHandler(logger));
  app.notFound((c) => answerProblem(c, new Problem("not_found")));

  mountHealth(app, health);
  const callers = requireCaller(routes, callerOf);
  // Before what logs and counts: nobody wants to read or count that somebody counts.
  app.get(METRICS_PATH, callers, async (c) =>
    c.body(await metrics.text(), 200, { "content-type": metrics.contentType }),
  );
  if (tracing !== undefined) app.use(traceRequests(tracing));
  app.use(logRequests(logger));
  app.use(countRequests(metrics));
  app.use(callers);
  app.use(echoRateLimit());
  app.use(checkBody());
  // Behind the check of the body: a body that comes slowly takes nobody's room.
  app.use(admit());
  app.doc31(`/${service}/openapi.json`, { openapi: "3.1.0", info: { title: service, version: "1.0.0" } });
  if (drills) {
    app.get(`/${service}/fail`, (c) => {
      health.break();
      return c.json({ status: "broken" });
    });
  }
  return app;
}
