import type { Catalog } from "../services/shared/catalog.ts";
import { calleesOf, GATEWAY } from "../services/shared/catalog.ts";
import { CERTIFICATE_SECONDS } from "./alerts.ts";
import type { Dashboard, Panel } from "./grafana.ts";
import { dashboard } from "./grafana.ts";
import { quantile, rate, share } from "./metrics.ts";

/** Every dashboard of the platform: the gateway's, one for each service of the catalog, and the shop's. Pure. */
export function dashboards(catalog: Catalog): Dashboard[] {
  return [
    gatewayDashboard(),
    ...Object.keys(catalog).map((service) => serviceDashboard(catalog, service)),
    businessDashboard(),
  ];
}

function gatewayDashboard(): Dashboard {
  const failed = share("traefik_router_requests_total", 'code=~"5.."');
  const refused = share("traefik_router_requests_total", 'code="429"');
  return dashboard(GATEWAY, "gateway", [
    [
      graph("Requests by route", "reqps", {
        "{{router}}": rate("traefik_router_requests_total", ["router"]),
      }),
      graph("Answers by status", "reqps", { "{{code}}": rate("traefik_router_requests_total", ["code"]) }),
      graph("Failed and limited", "percentunit", { "5xx": failed, "429": refused }),
    ],
    [
      graph("Duration of requests", "s", {
        p50: quantile(0.5, "traefik_router_request_duration_seconds"),
        p99: quantile(0.99, "traefik_router_request_duration_seconds"),
      }),
      graph("Duration by route, p99", "s", {
        "{{router}}": quantile(0.99, "traefik_router_request_duration_seconds", ["router"]),
      }),
      failures({
        "{{router}} {{code}}": rate("traefik_router_requests_total", ["router", "code"], 'code=~"5.."'),
      }),
    ],
    [
      refusals(),
      graph("Decisions of the central limiter", "reqps", {
        "{{decision}}": rate("gatehouse_limiter_decisions_total", ["decision"]),
      }),
      graph("Open connections", "none", {
        "{{entrypoint}} {{protocol}}": "sum by (entrypoint, protocol) (traefik_open_connections)",
      }),
      processPanels(`job="${GATEWAY}"`).memory,
    ],
  ]);
}

function serviceDashboard(catalog: Catalog, service: string): Dashboard {
  const own = `service="${service}"`;
  const requests = "http_requests_total";
  const duration = "http_request_duration_seconds";
  const { cpu, memory, eventLoop, starts } = processPanels(own);
  return dashboard(service, service, [
    [
      graph("Requests by route", "reqps", {
        "{{method}} {{route}}": rate(requests, ["method", "route"], own),
      }),
      failures({
        "{{method}} {{route}} {{status}}": rate(
          requests,
          ["method", "route", "status"],
          `${own}, status=~"5.."`,
        ),
      }),
      graph("Duration by route, p99", "s", {
        "{{method}} {{route}}": quantile(0.99, duration, ["method", "route"], own),
      }),
    ],
    [refusals(own), graph("Replicas", "none", { ready: `sum(up{job="${service}"})` }), starts],
    [cpu, memory, eventLoop],
    [...databasePanels(catalog, service), ...calleePanels(catalog, service), certificates(own)],
  ]);
}

function businessDashboard(): Dashboard {
  return dashboard("business", "business", [
    [
      graph("Purchases by outcome", "eps", {
        "{{outcome}}": rate("gatehouse_purchases_total", ["outcome"]),
      }),
      graph("Orders", "eps", { orders: rate("gatehouse_orders_total") }),
      graph("Purchases without an order yet", "none", { waiting: "max(gatehouse_undelivered_purchases)" }),
    ],
    [
      graph("Logins by outcome", "eps", { "{{outcome}}": rate("gatehouse_logins_total", ["outcome"]) }),
      graph("Sessions ended by reason", "eps", {
        "{{reason}}": rate("gatehouse_sessions_ended_total", ["reason"]),
      }),
    ],
  ]);
}

/** What Prometheus' client libraries tell of a process in any language, and of Node's event loop. */
function processPanels(matchers: string) {
  return {
    cpu: graph("CPU, in cores", "short", {
      "{{instance}}": rate("process_cpu_seconds_total", ["instance"], matchers),
    }),
    memory: graph("Memory", "bytes", { "{{instance}}": `process_resident_memory_bytes{${matchers}}` }),
    eventLoop: graph("Event loop lag, p99", "s", {
      "{{instance}}": `nodejs_eventloop_lag_p99_seconds{${matchers}}`,
    }),
    starts: graph("Starts in 15 minutes", "none", {
      "{{instance}}": `changes(process_start_time_seconds{${matchers}}[15m])`,
    }),
  };
}

function databasePanels(catalog: Catalog, service: string): Panel[] {
  if (catalog[service]?.database !== true) return [];
  const pool = `sum by (state) (gatehouse_database_pool_connections{service="${service}"})`;
  return [graph("Database connections", "none", { "{{state}}": pool })];
}

function calleePanels(catalog: Catalog, service: string): Panel[] {
  if (calleesOf(catalog, service).length === 0) return [];
  const open = `max by (callee) (gatehouse_circuit_breaker_open{service="${service}"})`;
  return [graph("Open circuit breakers", "none", { "{{callee}}": open })];
}

function failures(lines: Panel["lines"]): Panel {
  return { ...graph("Failures by route", "reqps", lines), empty: "None" };
}

/** A service counts every reason from its start on: those that nobody was refused for would hide the others. */
function refusals(matchers = ""): Panel {
  const given = `${rate("gatehouse_refusals_total", ["code"], matchers)} > 0`;
  return { ...graph("Refusals by reason", "reqps", { "{{code}}": given }), empty: "None" };
}

function certificates(own: string): Panel {
  const left = `min by (certificate) (gatehouse_certificate_expiry_timestamp_seconds{${own}}) - time()`;
  return {
    ...graph("Certificates end in", "s", { "{{certificate}}": left }),
    stat: { redBelow: CERTIFICATE_SECONDS },
  };
}

function graph(title: string, unit: Panel["unit"], lines: Panel["lines"]): Panel {
  return { title, unit, lines };
}
