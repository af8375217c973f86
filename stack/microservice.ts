import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Catalog } from "../services/shared/catalog.ts";
import { addressVariable, calleesOf, callersOf } from "../services/shared/catalog.ts";
import type { ServiceEnvironment } from "../services/shared/config.ts";
import { autoscaler } from "./autoscaling.ts";
import { serviceNames, type CertificateAuthority } from "./certificates.ts";
import type { StackConfig } from "./config.ts";
import type { Database } from "./database.ts";
import { CERTIFICATE_FOLDER, certificateVariables } from "./microservice-tls.ts";
import type { PlatformNamespace } from "./namespace.ts";
import { allowFrom, allowTo, allowToCollector, allowToDatabase, SERVICE_PORT } from "./network.ts";
import type { Container, EnvVar, SecretFolder } from "./pods.ts";
import {
  plain,
  podLabels,
  resources,
  restrictedContainer,
  restrictedPod,
  scrapeAnnotations,
} from "./pods.ts";
import { secretMounts, secretVersions, secretVolumes } from "./pods.ts";

/** Port of every service's Service. */
export const SERVICE_HTTPS_PORT = 443;
/** Seconds that a stopping pod goes on serving, for gateways and kube-proxies to take it off their lists. */
const LEAVING_SECONDS = 5;
/** Seconds from SIGTERM to SIGKILL: longer than the process needs, which is 10 at most. */
const GRACE_SECONDS = 20;

export interface MicroserviceArgs {
  readonly namespace: PlatformNamespace;
  readonly catalog: Catalog;
  readonly image: pulumi.Input<string>;
  readonly authority: CertificateAuthority;
  readonly config: Pick<StackConfig, "drills" | "logLevel" | "tracesEndpoint" | "pods">;
  /** Its database; undefined for a service without one. */
  readonly database: Database | undefined;
  /** What this service reads besides. */
  readonly extras?: ServiceExtras | undefined;
  /** What must be done before a pod starts. */
  readonly after: readonly pulumi.Resource[];
}

/** What one service needs beyond what every service has. */
export interface ServiceExtras {
  readonly environment: readonly EnvVar[];
  readonly secrets: readonly SecretFolder[];
  /** Pods by name to which it opens connections besides. */
  readonly reaches?: readonly { readonly pods: string; readonly port: number }[] | undefined;
}

/** One entry of the catalog in the cluster: its pods, their address, their scaling, and who may talk to them. */
export class Microservice extends pulumi.ComponentResource {
  constructor(service: string, args: MicroserviceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gatehouse:stack:Microservice", service, {}, opts);
    const { namespace, catalog } = args;
    const pods = args.config.pods(service);
    const { tracesEndpoint } = args.config;
    const parent = { parent: this };
    const metadata = { name: service, namespace: namespace.reference, labels: podLabels(service) };
    const selector = { matchLabels: podLabels(service) };
    const secrets = [issueCertificate(), ...(args.database?.login(service).secrets ?? [])].concat(
      args.extras?.secrets ?? [],
    );

    const policy = createNetworkPolicy();
    const account = createServiceAccount();
    createDeployment();
    createService();
    createAutoscaler();
    createDisruptionBudget();
    this.registerOutputs();

    function issueCertificate(): SecretFolder {
      const certificate = args.authority.issue(service, {
        commonName: service,
        dnsNames: serviceNames(service, namespace.name),
        uses: ["server", "client"],
        secret: `${service}-tls`,
      });
      return { name: "tls", path: CERTIFICATE_FOLDER, ...certificate };
    }

    function createDeployment() {
      // No replicas: the autoscaler sets them, and every later `up` would fight it.
      return new k8s.apps.v1.Deployment(
        `${service}-deployment`,
        {
          metadata,
          spec: {
            selector,
            strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
            revisionHistoryLimit: 3,
            template: {
              metadata: {
                labels: podLabels(service),
                annotations: { ...scrapeAnnotations("https", SERVICE_PORT), ...secretVersions(secrets) },
              },
              spec: {
                ...restrictedPod,
                serviceAccountName: account.metadata.name,
                terminationGracePeriodSeconds: GRACE_SECONDS,
                topologySpreadConstraints: ["kubernetes.io/hostname", "topology.kubernetes.io/zone"].map(
                  spread,
                ),
                containers: [createContainer()],
                volumes: secretVolumes(secrets),
              },
            },
          },
        },
        { ...parent, dependsOn: [policy, ...args.after] },
      );
    }

    function spread(topologyKey: string) {
      return { maxSkew: 1, topologyKey, whenUnsatisfiable: "ScheduleAnyway", labelSelector: selector };
    }

    function createContainer(): Container {
      return {
        name: service,
        image: args.image,
        env: [
          ...plain(serviceVariables()),
          ...calleesOf(catalog, service).map(addressOf),
          ...(args.database?.login(service).environment ?? []),
          ...(args.extras?.environment ?? []),
        ],
        ports: [{ name: "https", containerPort: SERVICE_PORT }],
        startupProbe: { ...probe("/health"), periodSeconds: 1, failureThreshold: 120 },
        livenessProbe: { ...probe("/health"), periodSeconds: 10, failureThreshold: 3 },
        readinessProbe: { ...probe("/health/ready"), periodSeconds: 5, failureThreshold: 2 },
        resources: resources(pods, { cpu: pods.cpuLimit, memory: pods.memoryLimit }),
        securityContext: restrictedContainer,
        volumeMounts: secretMounts(secrets),
      };
    }

    function serviceVariables(): Partial<Record<keyof ServiceEnvironment, string>> {
      return {
        PORT: String(SERVICE_PORT),
        ...certificateVariables("TLS"),
        LOG_LEVEL: args.config.logLevel,
        ...(tracesEndpoint === undefined ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: tracesEndpoint }),
        DRILLS: args.config.drills ? "on" : "off",
        SHUTDOWN_DELAY_MS: String(LEAVING_SECONDS * 1000),
      };
    }

    function addressOf(callee: string): EnvVar {
      return { name: addressVariable(callee), value: `https://${callee}.${namespace.name}.svc` };
    }

    function createService() {
      const ports = [{ name: "https", port: SERVICE_HTTPS_PORT, targetPort: "https" }];
      return new k8s.core.v1.Service(
        `${service}-service`,
        { metadata, spec: { type: "ClusterIP", selector: podLabels(service), ports } },
        parent,
      );
    }

    function createAutoscaler() {
      new k8s.autoscaling.v2.HorizontalPodAutoscaler(
        `${service}-autoscaler`,
        { metadata, spec: autoscaler(service, pods) },
        parent,
      );
    }

    function createDisruptionBudget() {
      new k8s.policy.v1.PodDisruptionBudget(
        `${service}-disruption-budget`,
        { metadata, spec: { selector, maxUnavailable: 1 } },
        parent,
      );
    }

    function createServiceAccount() {
      return new k8s.core.v1.ServiceAccount(
        `${service}-account`,
        { metadata, automountServiceAccountToken: false },
        parent,
      );
    }

    function createNetworkPolicy() {
      return new k8s.networking.v1.NetworkPolicy(
        `${service}-policy`,
        {
          metadata,
          spec: {
            podSelector: selector,
            policyTypes: ["Ingress", "Egress"],
            ingress: allowFrom(callersOf(catalog, service), SERVICE_PORT),
            egress: [
              ...allowTo(calleesOf(catalog, service), SERVICE_PORT),
              ...(args.database === undefined ? [] : allowToDatabase(args.database)),
              ...allowToCollector(tracesEndpoint),
              ...(args.extras?.reaches ?? []).flatMap(({ pods, port }) => allowTo([pods], port)),
            ],
          },
        },
        parent,
      );
    }
  }
}

function probe(path: string) {
  return { httpGet: { path, port: "https", scheme: "HTTPS" }, timeoutSeconds: 4 };
}
