import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { catalog } from "../services/catalog.ts";
import type { Stack } from "./testing.ts";
import { podsIn, runStack } from "./testing.ts";

const names = Object.keys(catalog);
const releases = (stack: Stack) => stack.ofType("kubernetes:helm.sh/v3:Release");

describe("without observability", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await runStack();
  });

  it("there is a certificate for whoever reads metrics, and nothing else", () => {
    expect(stack.one("kubernetes:core/v1:Secret", "prometheus-tls")).toBeDefined();
    expect(releases(stack).map(({ chart }) => chart)).toEqual(["cockroachdb", "traefik"]);
    expect(stack.outputs["grafanaPassword"]).toBeUndefined();
  });
});

describe("with observability", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await runStack({ observability: true, alertmanagers: ["alerts.example:9093"] });
  });
  const configuration = () =>
    parse(
      stack.one("kubernetes:core/v1:ConfigMap", "prometheus-configuration").data["prometheus.yml"] ?? "",
    ) as {
      scrape_configs: { job_name: string; relabel_configs: unknown[]; metric_relabel_configs?: unknown }[];
      rule_files: string[];
      alerting: unknown;
    };

  it("Prometheus and Grafana are installed", () => {
    expect(releases(stack).map(({ chart }) => chart)).toEqual(
      expect.arrayContaining(["prometheus", "grafana"]),
    );
  });

  it("Prometheus reads every service of the catalog and the gateway, and tells the Alertmanager", () => {
    const { scrape_configs: jobs, alerting } = configuration();
    expect(jobs.map(({ job_name }) => job_name)).toEqual(["gateway", ...names]);
    expect(JSON.stringify(alerting)).toContain("alerts.example:9093");
  });

  it("a process has the name of its pod, which is what an alert and a dashboard tell", () => {
    for (const { relabel_configs: relabelled } of configuration().scrape_configs)
      expect(relabelled).toContainEqual({
        source_labels: ["__meta_kubernetes_pod_name"],
        target_label: "instance",
      });
  });

  it("a router of the gateway has the name of its IngressRoute, without the rest of Traefik's", () => {
    const [gateway, ...services] = configuration().scrape_configs;
    const [{ regex }] = z.tuple([z.object({ regex: z.string() })]).parse(gateway?.metric_relabel_configs);
    // Prometheus' expressions are anchored at both ends.
    const name = new RegExp(`^(?:${regex})$`).exec(
      "gatehouse-get-products-admin-1c6f0b24b2be42eca624@kubernetescrd",
    );
    expect(name?.[1]).toBe("get-products-admin");
    for (const service of services) expect(service).not.toHaveProperty("metric_relabel_configs");
  });

  it("Prometheus raises the alerts of the rules that it mounts", () => {
    const { data } = stack.one("kubernetes:core/v1:ConfigMap", "prometheus-configuration");
    expect(configuration().rule_files).toEqual(["/etc/config/alerts.yml"]);
    expect(parse(data["alerts.yml"] ?? "")).toHaveProperty("groups.0.rules.0.alert");
  });

  it("Prometheus reaches what it reads, Grafana reaches Prometheus, and nobody reaches Grafana", () => {
    const policyOf = (name: string) => stack.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", name).spec;
    expect(podsIn(policyOf("prometheus").egress).sort()).toEqual(["gateway", ...names].sort());
    expect(podsIn(policyOf("prometheus").ingress)).toEqual(["grafana"]);
    expect(podsIn(policyOf("grafana").egress)).toEqual(["prometheus"]);
    expect(policyOf("grafana")).not.toHaveProperty("ingress");
  });

  it("Grafana has a dashboard for every service, and a password that is in no value of a chart", () => {
    const { data } = stack.one("kubernetes:core/v1:ConfigMap", "grafana-dashboards");
    for (const name of names) expect(Object.keys(data)).toContain(`gatehouse-${name}.json`);
    expect(stack.outputs["grafanaPassword"]).toBeDefined();
    expect(JSON.stringify(releases(stack))).not.toContain("<password of");
  });

  it("Grafana asks nobody outside, and leaves the plugins of its image as they are", () => {
    const grafana = releases(stack).find(({ chart }) => chart === "grafana");
    expect(grafana?.values).toMatchObject({
      "grafana.ini": {
        analytics: { check_for_updates: false, check_for_plugin_updates: false, reporting_enabled: false },
        news: { news_feed_enabled: false },
        plugins: { preinstall_disabled: true, public_key_retrieval_disabled: true },
      },
    });
  });

  it("no pod may do what Pod Security restricted forbids", () => {
    for (const { chart, values } of releases(stack).filter(({ chart }) => /prometheus|grafana/.test(chart))) {
      const text = JSON.stringify(values);
      expect([chart, text.includes('"runAsNonRoot":true')]).toEqual([chart, true]);
      expect([chart, text.includes('"seccompProfile":{"type":"RuntimeDefault"}')]).toEqual([chart, true]);
      expect([chart, text.includes('"capabilities":{"drop":["ALL"]}')]).toEqual([chart, true]);
    }
  });

  it("a chart that is nowhere is told", async () => {
    const charts = { traefik: { chart: "traefik" }, cockroachdb: { chart: "cockroachdb" } };
    await expect(runStack({ observability: true, charts })).rejects.toThrow(
      "gatehouse:charts.prometheus: with observability, say where this chart is",
    );
  });
});
