import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Hono } from "hono";
import type { Router } from "../../gateway/terms.ts";
import type { Route } from "../../services/shared/catalog.ts";
import type { WatchedProcess } from "../kept-process.ts";
import { LEVELS } from "../log-lines.ts";
import type { Drill } from "./drills.ts";
import type { Door } from "./guard.ts";
import { ownHost, ownUser } from "./guard.ts";
import type { LogTail, TailFilter } from "./log-tail.ts";
import { receiveTraces } from "./receiver.ts";
import type { Sampler } from "./samples.ts";
import type { Traces } from "./traces.ts";
import type { Traffic } from "./traffic.ts";
import { refusalsOf, trafficByRouter, trafficOf } from "./traffic.ts";
import type { Html } from "./views/html.ts";
import { html } from "./views/html.ts";
import { logFilterView, logLinesView } from "./views/logs.ts";
import type { LiveParts } from "./views/page.ts";
import { livePart, pageView } from "./views/page.ts";
import { processesView } from "./views/processes.ts";
import { routesView } from "./views/routes.ts";
import { tracesView } from "./views/traces.ts";
import { trafficView } from "./views/traffic.ts";

/** What the dashboard shows, and whom it shows it. */
export interface DashboardDependencies extends Door {
  readonly gatewayUrl: string;
  readonly processes: readonly WatchedProcess[];
  readonly routes: readonly Route[];
  /** The routers as Traefik was given them. */
  readonly routers: Readonly<Record<string, Router>>;
  readonly metrics: Pick<Sampler<Traffic>, "look">;
  readonly logs: Pick<LogTail, "last">;
  /** Undefined where they are not sent here. */
  readonly traces: Traces | undefined;
  /** None where drills are off. */
  readonly drills: readonly Drill[];
}

const SHOWN_LINES = 200;
const SHOWN_TRACES = 15;

/** The dashboard's app, without a listener. */
export function createDashboard(dependencies: DashboardDependencies): Hono {
  const { gatewayUrl, processes, drills, traces } = dependencies;
  const app = new Hono();
  app.onError((error, c) => c.text(`The dashboard failed: ${error.message}\n`, 500));

  app.use(ownHost(dependencies));
  if (traces !== undefined) app.post("/v1/traces", ...receiveTraces(traces));
  app.use(ownUser(dependencies));

  const names = [...new Set(processes.flatMap(({ name }) => [name.replace(/-\d+$/, ""), name])), "postgres"];
  app.get("/", async (c) => {
    const filter = filterOf(c.req.query());
    return c.html(pageView(gatewayUrl, await liveParts(dependencies, filter), logFilterView(names, filter)));
  });
  app.get("/live", async (c) => {
    const parts = await liveParts(dependencies, filterOf(c.req.query()));
    return c.html(html`${Object.entries(parts).map(([id, content]) => livePart(id, content))}`);
  });
  app.post("/drills/:name", async (c) => {
    const drill = drills.find(({ name }) => name === c.req.param("name"));
    const { process: wanted } = await c.req.parseBody();
    const process = processes.find(({ name }) => name === wanted);
    if (drill === undefined || process === undefined || !drill.fits(process))
      return c.text("There is no such drill here.\n", 404);
    await drill.run(process);
    return c.redirect("/", 303);
  });
  for (const [file, type] of [
    ["dashboard.css", "text/css"],
    ["dashboard.js", "text/javascript"],
  ] as const) {
    const content = readFileSync(join(import.meta.dirname, "browser", file), "utf8");
    app.get(`/${file}`, (c) => c.body(content, 200, { "content-type": `${type}; charset=utf-8` }));
  }
  return app;
}

function filterOf({ process, level, text }: Record<string, string>): TailFilter {
  return { process, level: LEVELS.find((one) => one === level), text };
}

/** All that changes. A part that cannot be shown says why, and the others are shown. */
async function liveParts(dependencies: DashboardDependencies, filter: TailFilter): Promise<LiveParts> {
  const { processes, routes, routers, metrics, logs, traces, drills } = dependencies;
  const look = metrics.look();
  const [traffic, processTable, routeTable] = await Promise.all([
    shown(async () => {
      const { window, points } = await look;
      return trafficView(trafficOf(window), points, refusalsOf(window));
    }),
    shown(async () => processesView(processes, (await look).window, drills, Date.now())),
    shown(async () => routesView(routes, routers, trafficByRouter((await look).window))),
  ]);
  return {
    traffic,
    processes: processTable,
    traces: await shown(() => tracesView(traces?.latest(SHOWN_TRACES))),
    "log-lines": await shown(() => logLinesView(logs.last(SHOWN_LINES, filter))),
    routes: routeTable,
  };
}

async function shown(view: () => Html | Promise<Html>): Promise<Html> {
  try {
    return await view();
  } catch (error) {
    return html`<p class="failure">This cannot be shown: ${(error as Error).message}</p>`;
  }
}
