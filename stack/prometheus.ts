import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import { alertRules } from "../observability/alerts.ts";
import { prometheusConfiguration } from "../observability/scraping.ts";
import type { Catalog } from "../services/shared/catalog.ts";
import { GATEWAY, PROMETHEUS } from "../services/shared/catalog.ts";
import { chartOf } from "./charts.ts";
import type { ObservabilitySettings } from "./config.ts";
import type { PlatformNamespace } from "./namespace.ts";
import {
  allowFrom,
  allowTo,
  allowToAnywhere,
  API_SERVER_PORTS,
  GATEWAY_METRICS_PORT,
  SERVICE_PORT,
} from "./network.ts";
import { podLabels, restrictedContainer } from "./pods.ts";

/** Port at which Prometheus answers queries, inside its pod. */
export const PROMETHEUS_PORT = 9090;
/** What follows the release's name in the name of the ConfigMap that the chart mounts. */
const CONFIGURATION = "configuration";
const CERTIFICATE_FOLDER = "/etc/gatehouse/tls";
const RULES = "alerts.yml";

export interface PrometheusArgs {
  readonly namespace: PlatformNamespace;
  readonly catalog: Catalog;
  readonly settings: ObservabilitySettings;
  /** Name of the Secret with Prometheus' client certificate. */
  readonly certificate: pulumi.Input<string>;
  /** Names of the pods that may query it. */
  readonly clients: readonly string[];
}

/** Prometheus by its own chart, with what it reads and which alerts it raises made from the catalog. */
export function createPrometheus(name: string, args: PrometheusArgs, parent: pulumi.CustomResourceOptions) {
  const { namespace, catalog, settings } = args;
  const metadata = { name: PROMETHEUS, namespace: namespace.reference, labels: podLabels(PROMETHEUS) };
  const configuration = createConfiguration();
  const account = createAccount();
  const policy = createNetworkPolicy();
  return new k8s.helm.v3.Release(
    `${name}-prometheus`,
    {
      ...chartOf(settings.prometheus),
      name: PROMETHEUS,
      namespace: namespace.reference,
      cleanupOnFail: true,
      timeout: 300,
      values: prometheusValues(settings, args.certificate),
    },
    { ...parent, dependsOn: [configuration, policy, ...account] },
  );

  function createConfiguration() {
    const data = {
      "prometheus.yml": stringify(configurationIn(catalog, namespace.name, settings)),
      [RULES]: stringify(alertRules(catalog)),
    };
    const named = { ...metadata, name: `${PROMETHEUS}-${CONFIGURATION}` };
    return new k8s.core.v1.ConfigMap(`${name}-prometheus-configuration`, { metadata: named, data }, parent);
  }

  /** Prometheus finds pods by asking the API server, of its own namespace and no other. */
  function createAccount() {
    const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] }];
    const subjects = [{ kind: "ServiceAccount", name: PROMETHEUS, namespace: namespace.reference }];
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: PROMETHEUS };
    const resource = (kind: string) => `${name}-prometheus-${kind}`;
    return [
      new k8s.core.v1.ServiceAccount(resource("account"), { metadata }, parent),
      new k8s.rbac.v1.Role(resource("role"), { metadata, rules }, parent),
      new k8s.rbac.v1.RoleBinding(resource("role-binding"), { metadata, subjects, roleRef }, parent),
    ];
  }

  function createNetworkPolicy() {
    const alertmanagers = settings.alertmanagers.map((address) => Number(address.split(":").at(-1)));
    return new k8s.networking.v1.NetworkPolicy(
      `${name}-prometheus-policy`,
      {
        metadata,
        spec: {
          podSelector: { matchLabels: { "app.kubernetes.io/name": PROMETHEUS } },
          policyTypes: ["Ingress", "Egress"],
          ingress: allowFrom(args.clients, PROMETHEUS_PORT),
          egress: [
            ...allowTo(Object.keys(catalog), SERVICE_PORT),
            ...allowTo([GATEWAY], GATEWAY_METRICS_PORT),
            ...allowToAnywhere(...API_SERVER_PORTS, ...alertmanagers),
          ],
        },
      },
      parent,
    );
  }
}

function configurationIn(catalog: Catalog, namespace: string, settings: ObservabilitySettings): object {
  return prometheusConfiguration(catalog, {
    certificate: {
      caFile: `${CERTIFICATE_FOLDER}/ca.crt`,
      certFile: `${CERTIFICATE_FOLDER}/tls.crt`,
      keyFile: `${CERTIFICATE_FOLDER}/tls.key`,
    },
    interval: "15s",
    ruleFiles: [`/etc/config/${RULES}`],
    alertmanagers: settings.alertmanagers,
    discover: (job) => ({
      kubernetes_sd_configs: [{ role: "pod", namespaces: { names: [namespace] } }],
      relabel_configs: relabelConfigs(job, job === GATEWAY ? GATEWAY_METRICS_PORT : SERVICE_PORT),
      ...(job === GATEWAY ? { metric_relabel_configs: [routerName(namespace)] } : {}),
    }),
  });
}

/** Keeps the running pods of one name and reads each at the port of its metrics; a process is called what its pod is. */
function relabelConfigs(name: string, port: number): object[] {
  const pod = "__meta_kubernetes_pod";
  return [
    { source_labels: [`${pod}_label_app_kubernetes_io_name`], regex: name, action: "keep" },
    { source_labels: [`${pod}_phase`], regex: "Running", action: "keep" },
    { source_labels: [`${pod}_ip`], target_label: "__address__", replacement: `$1:${port}` },
    { source_labels: [`${pod}_name`], target_label: "instance" },
  ];
}

/** A router is called what its IngressRoute is: Traefik puts the namespace before it, and a hash and its provider behind. */
function routerName(namespace: string): object {
  const regex = `${namespace}-(.+)-[0-9a-f]{20}@kubernetescrd`;
  return { source_labels: ["router"], regex, target_label: "router" };
}

/** Values of the chart: one server with a volume, and none of what comes along for whole clusters. */
function prometheusValues(settings: ObservabilitySettings, certificate: pulumi.Input<string>): object {
  const others = ["alertmanager", "kube-state-metrics", "prometheus-node-exporter", "prometheus-pushgateway"];
  return {
    ...Object.fromEntries(others.map((chart) => [chart, { enabled: false }])),
    rbac: { create: false },
    serviceAccounts: { server: { create: false, name: PROMETHEUS } },
    configmapReload: {
      prometheus: {
        containerSecurityContext: restrictedContainer,
        resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "64Mi" } },
      },
    },
    server: {
      fullnameOverride: PROMETHEUS,
      configMapOverrideName: CONFIGURATION,
      retention: settings.retention,
      persistentVolume: { size: settings.storage, storageClass: settings.storageClass },
      resources: { requests: { cpu: "100m", memory: "512Mi" }, limits: { memory: "1Gi" } },
      extraSecretMounts: [
        { name: "tls", secretName: certificate, mountPath: CERTIFICATE_FOLDER, readOnly: true },
      ],
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65534,
        runAsGroup: 65534,
        fsGroup: 65534,
        seccompProfile: { type: "RuntimeDefault" },
      },
      containerSecurityContext: restrictedContainer,
    },
  };
}
