import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import type { Router } from "../../gateway/terms.ts";
import { catalog } from "../../services/catalog.ts";
import { allRoutes, GATEWAY, METRICS_PATH, PROMETHEUS } from "../../services/shared/catalog.ts";
import type { CertificateAuthority } from "../certificates.ts";
import type { WatchedProcess } from "../kept-process.ts";
import type { LocalOptions } from "../options.ts";
import { TO_DASHBOARD } from "../options.ts";
import { HOST } from "../ports.ts";
import type { Outputs } from "../platform.ts";
import type { RunningServices } from "../services.ts";
import type { StateFolder } from "../state.ts";
import { createDashboard } from "./app.ts";
import { allDrills } from "./drills.ts";
import { LogTail } from "./log-tail.ts";
import type { Series } from "./metrics-text.ts";
import { parseMetrics } from "./metrics-text.ts";
import { get, Peers } from "./peers.ts";
import { Sampler } from "./samples.ts";
import { Traces } from "./traces.ts";
import { trafficOf } from "./traffic.ts";

export interface DashboardContext {
  readonly port: number;
  readonly folder: StateFolder;
  readonly authority: CertificateAuthority;
  readonly services: Pick<RunningServices, "processes">;
  readonly gateway: WatchedProcess;
  readonly outputs: Pick<Outputs, "gatewayUrl">;
  /** Port of the gateway's metrics. */
  readonly metricsPort: number;
  readonly options: Pick<LocalOptions, "drills" | "traces">;
}

export interface Dashboard {
  /** Where it is, with the token that opens it. */
  readonly url: string;
  stop(): Promise<void>;
}

/** The metrics that the dashboard shows something of. */
const WANTED = /^(traefik_(entrypoint|router)_|http_requests_total|gatehouse_refusals_total|process_)/;

/** Serves the dashboard on this machine alone. */
export async function startDashboard(context: DashboardContext): Promise<Dashboard> {
  const { port, folder, authority, services, gateway, outputs, options } = context;
  const [asPrometheus, asGateway] = [new Peers(authority, PROMETHEUS), new Peers(authority, GATEWAY)];
  const token = folder.keep("secrets/dashboard-token", () => randomBytes(16).toString("base64url"));
  const app = createDashboard({
    port,
    token,
    gatewayUrl: outputs.gatewayUrl,
    processes: [gateway, ...services.processes],
    routes: allRoutes(catalog, options),
    routers: routersOf(folder),
    metrics: new Sampler(() => readMetrics(context, asPrometheus), trafficOf),
    logs: new LogTail(folder.file("logs")),
    traces: options.traces === TO_DASHBOARD ? new Traces() : undefined,
    drills: options.drills ? allDrills(asGateway) : [],
  });
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  server.listen(port, HOST);
  await once(server, "listening");
  return {
    url: `http://${HOST}:${port}/?token=${token}`,
    async stop() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
      await Promise.all([asPrometheus.close(), asGateway.close()]);
    },
  };
}

/** The routers as Traefik has them: the file is JSON, which is YAML. */
function routersOf(folder: StateFolder): Record<string, Router> {
  const { http } = JSON.parse(readFileSync(folder.file("traefik/dynamic.yml"), "utf8")) as {
    http: { routers: Record<string, Router> };
  };
  return http.routers;
}

/** Of every process that answers. */
async function readMetrics(
  { services, metricsPort, gateway }: DashboardContext,
  peers: Peers,
): Promise<ReadonlyMap<string, Series[]>> {
  const texts = [
    [gateway.name, get(`http://${HOST}:${metricsPort}${METRICS_PATH}`)] as const,
    ...services.processes.map(
      ({ name, service, port }) => [name, peers.get(service, port, METRICS_PATH)] as const,
    ),
  ];
  const read = await Promise.all(
    texts.map(async ([name, text]) => {
      const answer = await text.catch(() => undefined);
      return answer === undefined
        ? []
        : [[name, parseMetrics(answer, (metric) => WANTED.test(metric))] as const];
    }),
  );
  return new Map(read.flat());
}
