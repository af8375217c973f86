import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { dashboards } from "../observability/dashboards.ts";
import { DATA_SOURCE } from "../observability/grafana.ts";
import type { Catalog } from "../services/shared/catalog.ts";
import { PROMETHEUS } from "../services/shared/catalog.ts";
import { chartOf } from "./charts.ts";
import type { ObservabilitySettings } from "./config.ts";
import type { PlatformNamespace } from "./namespace.ts";
import { allowTo } from "./network.ts";
import { podLabels, restrictedContainer } from "./pods.ts";
import { PROMETHEUS_PORT } from "./prometheus.ts";

export const GRAFANA = "grafana";
const DASHBOARDS = "grafana-dashboards";
const ADMINISTRATOR = "grafana-administrator";

export interface GrafanaArgs {
  readonly namespace: PlatformNamespace;
  readonly catalog: Catalog;
  readonly settings: ObservabilitySettings;
  /** Where Prometheus answers. */
  readonly prometheusUrl: string;
}

/**
 * Grafana by its own chart, with dashboards made from the catalog. It has no address outside: who may forward a port
 * of the namespace may look.
 */
export function createGrafana(name: string, args: GrafanaArgs, parent: pulumi.CustomResourceOptions) {
  const { namespace, catalog, settings } = args;
  const labels = podLabels(GRAFANA);
  const password = new random.RandomPassword(
    `${name}-grafana-password`,
    { length: 24, special: false },
    parent,
  );
  const administrator = new k8s.core.v1.Secret(
    `${name}-grafana-administrator`,
    {
      metadata: { name: ADMINISTRATOR, namespace: namespace.reference, labels },
      stringData: { username: "admin", password: password.result },
    },
    parent,
  );
  const drawn = new k8s.core.v1.ConfigMap(
    `${name}-grafana-dashboards`,
    {
      metadata: { name: DASHBOARDS, namespace: namespace.reference, labels },
      data: Object.fromEntries(
        dashboards(catalog).map((dashboard) => [`${dashboard.uid}.json`, JSON.stringify(dashboard)]),
      ),
    },
    parent,
  );
  const policy = new k8s.networking.v1.NetworkPolicy(
    `${name}-grafana-policy`,
    {
      metadata: { name: GRAFANA, namespace: namespace.reference, labels },
      spec: {
        podSelector: { matchLabels: { "app.kubernetes.io/name": GRAFANA } },
        policyTypes: ["Ingress", "Egress"],
        egress: allowTo([PROMETHEUS], PROMETHEUS_PORT),
      },
    },
    parent,
  );
  const release = new k8s.helm.v3.Release(
    `${name}-grafana`,
    {
      ...chartOf(settings.grafana),
      name: GRAFANA,
      namespace: namespace.reference,
      cleanupOnFail: true,
      timeout: 300,
      values: grafanaValues(args.prometheusUrl),
    },
    { ...parent, dependsOn: [administrator, drawn, policy] },
  );
  return { release, password: password.result };
}

/** Values of the chart: nothing is kept in Grafana, nothing is asked of anybody outside. */
function grafanaValues(prometheusUrl: string): object {
  return {
    fullnameOverride: GRAFANA,
    rbac: { create: false },
    automountServiceAccountToken: false,
    testFramework: { enabled: false },
    podLabels: { "app.kubernetes.io/part-of": "gatehouse" },
    admin: { existingSecret: ADMINISTRATOR, userKey: "username", passwordKey: "password" },
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 472,
      runAsGroup: 472,
      fsGroup: 472,
      seccompProfile: { type: "RuntimeDefault" },
    },
    containerSecurityContext: restrictedContainer,
    extraEmptyDirMounts: [{ name: "temporary", mountPath: "/tmp" }],
    // Grafana 13 rests at more than 300 MiB (grafana/grafana#123017), beside a process for each plugin of the image.
    resources: { requests: { cpu: "50m", memory: "384Mi" }, limits: { memory: "1Gi" } },
    "grafana.ini": grafanaIni(),
    datasources: {
      "datasources.yaml": {
        apiVersion: 1,
        datasources: [
          { name: "Prometheus", uid: DATA_SOURCE, type: "prometheus", url: prometheusUrl, isDefault: true },
        ],
      },
    },
    dashboardProviders: {
      "dashboardproviders.yaml": {
        apiVersion: 1,
        providers: [
          {
            name: "gatehouse",
            folder: "Gatehouse",
            type: "file",
            disableDeletion: true,
            options: { path: "/var/lib/grafana/dashboards/gatehouse" },
          },
        ],
      },
    },
    dashboardsConfigMaps: { gatehouse: DASHBOARDS },
  };
}

/**
 * Grafana's own settings. An update of the image's plugins is not tried: it takes the data source away where it fails, as on a
 * file system that nobody can write to (grafana/grafana#132528).
 */
function grafanaIni(): object {
  return {
    analytics: { check_for_updates: false, check_for_plugin_updates: false, reporting_enabled: false },
    news: { news_feed_enabled: false },
    plugins: { preinstall_disabled: true, public_key_retrieval_disabled: true },
    // It costs memory (grafana/grafana#123017), and a forwarded port needs none.
    server: { enable_gzip: false },
  };
}
