import type { Catalog } from "../services/shared/catalog.ts";
import { GATEWAY } from "../services/shared/catalog.ts";
import type { Expression } from "./metrics.ts";
import { quantile, rate, share } from "./metrics.ts";

/** `critical` wakes somebody up; `warning` is looked at by day. */
export type Severity = "critical" | "warning";

/** A rule in Prometheus' own terms. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: Expression;
  /** How long it must hold. */
  readonly for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: { readonly summary: string; readonly runbook: string };
}

/** A rule file. */
export interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly AlertRule[] }[];
}

interface Alert {
  readonly name: string;
  readonly when: Expression;
  readonly lasting: string;
  readonly severity: Severity;
  /** What a person reads first; `{{ $labels.x }}` and `{{ $value }}` as Prometheus' templates have them. */
  readonly summary: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/**
 * Days before a certificate's end at which somebody must act. An update renews leaves in their last 30 days, so that a stack
 * which is updated each week never gets here; one that nobody updates has three weeks from the first alert.
 */
const CERTIFICATE_DAYS = 21;
export const CERTIFICATE_SECONDS = CERTIFICATE_DAYS * 86_400;

const requests: readonly Alert[] = [
  {
    name: "GatewayErrors",
    when: `${share("traefik_router_requests_total", 'code=~"5.."')} > 0.01`,
    lasting: "5m",
    severity: "critical",
    summary: "{{ $value | humanizePercentage }} of the requests at the gateway fail",
  },
  {
    name: "ServiceErrors",
    when: `${share("http_requests_total", 'status=~"5.."', ["service"])} > 0.05`,
    lasting: "5m",
    severity: "warning",
    summary: "{{ $value | humanizePercentage }} of the requests to {{ $labels.service }} fail",
  },
  {
    name: "SlowRequests",
    when: `${quantile(0.99, "http_request_duration_seconds", ["service"])} > 1`,
    lasting: "10m",
    severity: "warning",
    summary:
      "One in a hundred requests to {{ $labels.service }} takes {{ $value | humanizeDuration }} or more",
  },
];

const processes: readonly Alert[] = [
  {
    name: "CrashLoop",
    when: "changes(process_start_time_seconds[15m]) > 2",
    lasting: "0m",
    severity: "critical",
    summary: "{{ $labels.job }} at {{ $labels.instance }} started {{ $value }} times in a quarter of an hour",
  },
  {
    name: "DatabasePoolExhausted",
    when: 'sum by (service) (gatehouse_database_pool_connections{state="waiting"}) > 0',
    lasting: "2m",
    severity: "warning",
    summary: "{{ $value }} queries of {{ $labels.service }} wait for a database connection",
  },
  {
    name: "CircuitBreakerOpen",
    when: "max by (service, callee) (gatehouse_circuit_breaker_open) > 0",
    lasting: "1m",
    severity: "warning",
    summary: "{{ $labels.service }} has stopped calling {{ $labels.callee }}, which fails",
  },
  {
    name: "CertificateEnds",
    when: `min by (service, certificate) (gatehouse_certificate_expiry_timestamp_seconds) - time() < ${CERTIFICATE_SECONDS}`,
    lasting: "1h",
    severity: "critical",
    summary:
      "The certificate {{ $labels.certificate }} of {{ $labels.service }} ends in {{ $value | humanizeDuration }}",
  },
];

const gateway: readonly Alert[] = [
  {
    name: "GatewayCertificateEnds",
    // The latest: a gateway goes on telling of those that it showed before.
    when: `max by (cn) (traefik_tls_certs_not_after) - time() < ${CERTIFICATE_SECONDS}`,
    lasting: "1h",
    severity: "critical",
    summary:
      "The certificate {{ $labels.cn }} that the gateway shows ends in {{ $value | humanizeDuration }}",
  },
];

const limits: readonly Alert[] = [
  {
    name: "LimitStoreGone",
    when: "min by (service) (gatehouse_limiter_store_up) < 1",
    lasting: "1m",
    severity: "critical",
    summary: "The store of the central limiter does not answer: each process limits by what it remembers",
  },
];

const business: readonly Alert[] = [
  {
    name: "UndeliveredPurchases",
    when: "max(gatehouse_undelivered_purchases) > 0",
    lasting: "5m",
    severity: "critical",
    summary: "{{ $value }} purchases have no order yet",
  },
  {
    name: "FailedLogins",
    when: `${rate("gatehouse_logins_total", [], 'outcome=~"invalid|throttled"')} > 1`,
    lasting: "10m",
    severity: "warning",
    summary: "{{ $value | humanize }} logins fail each second: somebody may be guessing passwords",
  },
  {
    name: "RefreshTokenReused",
    when: 'sum(increase(gatehouse_sessions_ended_total{reason="reuse"}[15m])) > 0',
    lasting: "0m",
    severity: "warning",
    summary: "A refresh token came twice: one of the two who had it was a thief. Its session has ended",
  },
];

/** A part of the platform that nobody can read the metrics of. It is what no metric of its own can tell. */
function noReplicas(job: string): Alert {
  return {
    name: "NoReplicas",
    when: `absent(up{job="${job}"} == 1)`,
    lasting: "1m",
    severity: "critical",
    summary: `No replica of ${job} answers`,
    labels: { service: job },
  };
}

/** All rules, with one for each service of the catalog where a metric cannot speak for all. Pure. */
export function alertRules(catalog: Catalog): RuleFile {
  const replicas = [GATEWAY, ...Object.keys(catalog)].map(noReplicas);
  const groups = { requests, processes, gateway, limits, business, replicas };
  return {
    groups: Object.entries(groups).map(([name, alerts]) => ({ name, rules: alerts.map(asRule) })),
  };
}

function asRule({ name, when, lasting, severity, summary, labels }: Alert): AlertRule {
  return {
    alert: name,
    expr: when,
    for: lasting,
    labels: { severity, ...labels },
    annotations: { summary, runbook: `docs/alerts.md#${name.toLowerCase()}` },
  };
}
