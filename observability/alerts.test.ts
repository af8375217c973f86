import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { stringify } from "yaml";
import { catalog } from "../services/catalog.ts";
import { alertRules } from "./alerts.ts";

const rules = alertRules(catalog);
const all = rules.groups.flatMap((group) => group.rules);

/** Series as promtool writes them: `0x40` is 40 times 0, `0+30x40` grows by 30, each half a minute. */
type Series = Readonly<Record<string, string>>;

interface Case {
  readonly alert: string;
  /** Series at which the rule must fire, and at which it must not. */
  readonly fires: Series;
  readonly quiet: Series;
  /** Minutes after which both are looked at. */
  readonly after: number;
  /** Labels of the alert besides its name and severity. */
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
}

const up = (job: string, values: string) => ({ [`up{job="${job}", instance="a"}`]: values });
const allUp = Object.assign(
  {},
  ...["gateway", ...Object.keys(catalog)].map((job) => up(job, "1x200")),
) as Series;

const cases: readonly Case[] = [
  {
    alert: "GatewayErrors",
    fires: {
      'traefik_router_requests_total{code="200"}': "0+49x40",
      'traefik_router_requests_total{code="502"}': "0+1x40",
    },
    quiet: {
      'traefik_router_requests_total{code="200"}': "0+999x40",
      'traefik_router_requests_total{code="502"}': "0+1x40",
      'traefik_router_requests_total{code="429"}': "0+999x40",
    },
    after: 12,
    labels: {},
    summary: "2% of the requests at the gateway fail",
  },
  {
    alert: "ServiceErrors",
    fires: {
      'http_requests_total{service="orders", status="200"}': "0+9x40",
      'http_requests_total{service="orders", status="503"}': "0+1x40",
      'http_requests_total{service="products", status="200"}': "0+9x40",
    },
    quiet: { 'http_requests_total{service="orders", status="429"}': "0+9x40" },
    after: 12,
    labels: { service: "orders" },
    summary: "10% of the requests to orders fail",
  },
  {
    alert: "SlowRequests",
    fires: {
      'http_request_duration_seconds_bucket{service="orders", le="1"}': "0x60",
      'http_request_duration_seconds_bucket{service="orders", le="2"}': "0+10x60",
      'http_request_duration_seconds_bucket{service="orders", le="+Inf"}': "0+10x60",
    },
    quiet: {
      'http_request_duration_seconds_bucket{service="orders", le="1"}': "0+10x60",
      'http_request_duration_seconds_bucket{service="orders", le="+Inf"}': "0+10x60",
    },
    after: 20,
    labels: { service: "orders" },
    summary: "One in a hundred requests to orders takes 1.99s or more",
  },
  {
    alert: "CrashLoop",
    fires: { 'process_start_time_seconds{job="orders", instance="a"}': "1 1 2 2 3 3 4 4 4 4" },
    quiet: { 'process_start_time_seconds{job="orders", instance="a"}': "1 1 2 2 3 3 3 3 3 3" },
    after: 4,
    labels: { job: "orders", instance: "a" },
    summary: "orders at a started 3 times in a quarter of an hour",
  },
  {
    alert: "DatabasePoolExhausted",
    fires: {
      'gatehouse_database_pool_connections{service="orders", pool="service", state="waiting"}': "3x40",
    },
    quiet: {
      'gatehouse_database_pool_connections{service="orders", pool="service", state="waiting"}':
        "0 0 3 0 0 3 0x40",
      'gatehouse_database_pool_connections{service="orders", pool="service", state="busy"}': "8x40",
    },
    after: 5,
    labels: { service: "orders" },
    summary: "3 queries of orders wait for a database connection",
  },
  {
    alert: "CircuitBreakerOpen",
    fires: { 'gatehouse_circuit_breaker_open{service="products", callee="orders"}': "1x40" },
    quiet: { 'gatehouse_circuit_breaker_open{service="products", callee="orders"}': "1 0x40" },
    after: 5,
    labels: { service: "products", callee: "orders" },
    summary: "products has stopped calling orders, which fails",
  },
  {
    alert: "CertificateEnds",
    // Time begins at 0 here, and is 2 h when it is looked at.
    fires: {
      'gatehouse_certificate_expiry_timestamp_seconds{service="orders", certificate="ca"}': `${10 * 86_400}x300`,
    },
    quiet: {
      'gatehouse_certificate_expiry_timestamp_seconds{service="orders", certificate="ca"}': `${30 * 86_400}x300`,
    },
    after: 120,
    labels: { service: "orders", certificate: "ca" },
    summary: "The certificate ca of orders ends in 9d 22h 0m 0s",
  },
  {
    alert: "GatewayCertificateEnds",
    fires: { 'traefik_tls_certs_not_after{cn="edge", serial="1"}': `${10 * 86_400}x300` },
    quiet: {
      'traefik_tls_certs_not_after{cn="edge", serial="1"}': `${10 * 86_400}x300`,
      'traefik_tls_certs_not_after{cn="edge", serial="2"}': `${30 * 86_400}x300`,
    },
    after: 120,
    labels: { cn: "edge" },
    summary: "The certificate edge that the gateway shows ends in 9d 22h 0m 0s",
  },
  {
    alert: "LimitStoreGone",
    fires: {
      'gatehouse_limiter_store_up{service="authentication", instance="a"}': "1x40",
      'gatehouse_limiter_store_up{service="authentication", instance="b"}': "0x40",
    },
    quiet: { 'gatehouse_limiter_store_up{service="authentication", instance="a"}': "1 0 1x40" },
    after: 5,
    labels: { service: "authentication" },
    summary: "The store of the central limiter does not answer: each process limits by what it remembers",
  },
  {
    alert: "UndeliveredPurchases",
    fires: { 'gatehouse_undelivered_purchases{instance="a"}': "2x40" },
    quiet: { 'gatehouse_undelivered_purchases{instance="a"}': "2 2 0x40" },
    after: 8,
    labels: {},
    summary: "2 purchases have no order yet",
  },
  {
    alert: "FailedLogins",
    fires: {
      'gatehouse_logins_total{outcome="invalid"}': "0+30x60",
      'gatehouse_logins_total{outcome="throttled"}': "0+30x60",
    },
    quiet: {
      'gatehouse_logins_total{outcome="invalid"}': "0+10x60",
      'gatehouse_logins_total{outcome="success"}': "0+900x60",
    },
    after: 20,
    labels: {},
    summary: "2 logins fail each second: somebody may be guessing passwords",
  },
  {
    alert: "RefreshTokenReused",
    fires: { 'gatehouse_sessions_ended_total{reason="reuse"}': "0 0 1 1 1 1 1 1 1" },
    quiet: {
      'gatehouse_sessions_ended_total{reason="reuse"}': "0x40",
      'gatehouse_sessions_ended_total{reason="logout"}': "0+5x40",
    },
    after: 4,
    labels: {},
    summary: "A refresh token came twice: one of the two who had it was a thief. Its session has ended",
  },
  ...["gateway", ...Object.keys(catalog)].map((job) => ({
    alert: "NoReplicas",
    fires: { ...allUp, ...up(job, "0x40") },
    quiet: { ...allUp, ...up(job, "0x40"), [`up{job="${job}", instance="b"}`]: "1x40" },
    after: 5,
    labels: { service: job },
    summary: `No replica of ${job} answers`,
  })),
];

/** Debian's package prometheus has it. Left out where it is absent, but never in CI. */
const hasPromtool = process.env["CI"] !== undefined || works("promtool", ["--version"]);

function works(program: string, args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

describe("the alert rules", () => {
  it("each have a case below, and a name of their own", () => {
    const names = new Set(all.map(({ alert }) => alert));
    expect(new Set(cases.map(({ alert }) => alert))).toEqual(names);
    const labelled = all.map(({ alert, labels }) => `${alert} ${JSON.stringify(labels)}`);
    expect(new Set(labelled).size).toBe(all.length);
  });

  it.runIf(hasPromtool)(
    "fire when they should and are quiet when they should, by Prometheus' own judgement",
    () => {
      const folder = mkdtempSync(join(tmpdir(), "gatehouse-alerts-"));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      writeFileSync(join(folder, "rules.yml"), stringify(rules));
      const tests = cases.flatMap((one) => [
        promtoolTest(one, one.fires, [expectedAlert(one)]),
        promtoolTest(one, one.quiet, []),
      ]);
      writeFileSync(
        join(folder, "test.yml"),
        stringify({ rule_files: ["rules.yml"], evaluation_interval: "30s", tests }),
      );
      expect(promtool(["test", "rules", join(folder, "test.yml")])).toContain("SUCCESS");
    },
  );
});

function promtoolTest(one: Case, series: Series, expected: object[]): object {
  return {
    interval: "30s",
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [{ eval_time: `${one.after}m`, alertname: one.alert, exp_alerts: expected }],
  };
}

function expectedAlert({ alert, labels, summary }: Case): object {
  const rule = all.find((other) => other.alert === alert);
  return {
    exp_labels: { severity: rule?.labels["severity"], ...labels },
    exp_annotations: { summary, runbook: rule?.annotations.runbook },
  };
}

/** What promtool says, also where it finds fault. */
function promtool(args: string[]): string {
  try {
    return execFileSync("promtool", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    return `${stdout ?? ""}${stderr ?? String(error)}`;
  }
}
