import {
  entryPointHttp,
  entryPointHttp2,
  entryPointTransport,
  REDIRECT_ENTRY_POINT,
  SECURE_ENTRY_POINT,
} from "../gateway/entrypoints.ts";
import {
  accessLogOptions,
  latencyBuckets,
  METRICS_ENTRY_POINT,
  prometheusOptions,
  tracingOptions,
} from "../gateway/observability.ts";
import { runtimeEnvironment } from "../gateway/runtime.ts";
import { autoscaling } from "./autoscaling.ts";
import type { PodSettings } from "./config.ts";
import { GATEWAY_METRICS_PORT } from "./network.ts";
import type { SessionsPlugin } from "./sessions-plugin.ts";
import { plain, podLabels, resources, scrapeAnnotations } from "./pods.ts";

/** Traefik's version; below 3.7.13 ForwardAuth has known advisories. */
const TRAEFIK = "v3.7.15";
/** Ports of the entry points inside the pod. */
export const ENTRY_POINT_PORTS = { [SECURE_ENTRY_POINT]: 8443, [REDIRECT_ENTRY_POINT]: 8000 } as const;
/** A path of the pod's own that is routed like any other: it answers once the first configuration is applied. */
const READINESS_PATH = "/ready";
/** Seconds that a stopping pod goes on accepting, for balancers to take it off their lists. */
const LEAVING = "5s";
const GRACE_SECONDS = 30;

export interface GatewaySettings {
  /** Port that clients use. */
  readonly publicPort: number;
  /** Base URL of the collector that traces go to. */
  readonly tracesEndpoint: string | undefined;
  /** The plugin that remembers sessions, where they are checked in the gateway. */
  readonly sessions: SessionsPlugin | undefined;
}

/** Values of the Traefik chart. All literal and none of them secret. */
export function gatewayValues(
  name: string,
  pods: PodSettings,
  { publicPort, tracesEndpoint, sessions }: GatewaySettings,
) {
  return {
    nameOverride: name,
    fullnameOverride: name,
    image: { tag: TRAEFIK },
    global: { checkNewVersion: false, sendAnonymousUsage: false },
    deployment: {
      // The autoscaler sets it.
      replicas: null,
      podLabels: podLabels(name),
      podAnnotations: { ...scrapeAnnotations("http", GATEWAY_METRICS_PORT), ...sessions?.annotations },
      terminationGracePeriodSeconds: GRACE_SECONDS,
      readinessPath: READINESS_PATH,
    },
    ingressRoute: { healthcheck: { enabled: true, matchRule: `Path(\`${READINESS_PATH}\`)` } },
    readinessProbe: { periodSeconds: 2, failureThreshold: 2, timeoutSeconds: 4 },
    livenessProbe: { periodSeconds: 10, failureThreshold: 3, timeoutSeconds: 4 },
    updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    autoscaling: { enabled: true, ...autoscaling(pods) },
    podDisruptionBudget: { enabled: true, maxUnavailable: 1 },
    topologySpreadConstraints: ["kubernetes.io/hostname", "topology.kubernetes.io/zone"].map(
      (topologyKey) => ({
        maxSkew: 1,
        topologyKey,
        whenUnsatisfiable: "ScheduleAnyway",
        labelSelector: { matchLabels: podLabels(name) },
      }),
    ),
    resources: resources(pods, { cpu: pods.cpuLimit, memory: pods.memoryLimit }),
    env: plain(runtimeEnvironment),
    // Its own namespace and nothing else in the cluster: neither its routes nor its rights.
    rbac: { namespaced: true },
    ingressClass: { enabled: false },
    providers: { kubernetesCRD: { enabled: true }, kubernetesIngress: { enabled: false } },
    ...sessions?.values,
    api: { dashboard: false },
    service: { enabled: false },
    log: { level: "INFO", format: "json" },
    accessLog: { enabled: true, ...accessLogOptions(sessions === undefined ? "service" : "gateway") },
    ...(tracesEndpoint === undefined ? {} : { tracing: chartTracing(tracesEndpoint) }),
    metrics: { prometheus: { ...prometheusOptions, buckets: latencyBuckets.join() } },
    ports: {
      [METRICS_ENTRY_POINT]: { port: GATEWAY_METRICS_PORT, expose: { default: false } },
      [REDIRECT_ENTRY_POINT]: {
        port: ENTRY_POINT_PORTS[REDIRECT_ENTRY_POINT],
        http: { redirections: { entryPoint: { to: SECURE_ENTRY_POINT, scheme: "https", permanent: true } } },
        transport: entryPointTransport,
      },
      [SECURE_ENTRY_POINT]: {
        port: ENTRY_POINT_PORTS[SECURE_ENTRY_POINT],
        // Where the redirect sends clients.
        exposedPort: publicPort,
        http: entryPointHttp,
        transport: {
          ...entryPointTransport,
          lifeCycle: { ...entryPointTransport.lifeCycle, requestAcceptGraceTimeout: LEAVING },
        },
      },
    },
    additionalArguments: Object.entries(entryPointHttp2).map(
      // The chart's schema does not know `http2`.
      ([key, value]) => `--entryPoints.${SECURE_ENTRY_POINT}.http2.${key}=${value}`,
    ),
  };
}

/** The chart wants each part of a section switched on. */
function chartTracing(endpoint: string) {
  const { serviceName, otlp } = tracingOptions(endpoint);
  return { serviceName, otlp: { enabled: true, http: { enabled: true, ...otlp.http } } };
}
