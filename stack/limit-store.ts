import { createHash } from "node:crypto";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { LimitEnvironment } from "../services/authentication/limits/environment.ts";
import type { CertificateAuthority } from "./certificates.ts";
import { serviceNames } from "./certificates.ts";
import type { StackConfig } from "./config.ts";
import type { ServiceExtras } from "./microservice.ts";
import { CERTIFICATE_FOLDER, certificateVariables } from "./microservice-tls.ts";
import type { PlatformNamespace } from "./namespace.ts";
import { allowFrom } from "./network.ts";
import type { SecretFolder } from "./pods.ts";
import { plain, podLabels, resources, restrictedContainer, restrictedPod } from "./pods.ts";
import { secretMounts, secretVersions, secretVolumes } from "./pods.ts";

export const LIMIT_STORE = "limit-store";
/** Who counts requests, and nobody else has anything to do here. */
const CLIENT = "authentication";
const PORT = 6379;
const FOLDER = "/etc/gatehouse/limit-store";
/** Less than the pod's memory; a bucket takes some 150 bytes. */
const MEMORY = { data: "48mb", pod: "96Mi" };

export interface LimitStoreArgs {
  readonly namespace: PlatformNamespace;
  readonly authority: CertificateAuthority;
  readonly config: Pick<StackConfig, "limits" | "limitStore">;
}

/** The store, where limits are central. */
export function createLimitStore(name: string, args: LimitStoreArgs): LimitStore | undefined {
  const { limits } = args.config;
  return limits !== "off" && limits.mode === "central" ? new LimitStore(name, args) : undefined;
}

/**
 * Redis for the counts of the central limiter. It writes nothing to a disk: the processes that ask it bring back what
 * they remember when it has restarted.
 */
export class LimitStore extends pulumi.ComponentResource {
  /** What authentication needs to ask it. */
  readonly access: ServiceExtras;

  constructor(name: string, args: LimitStoreArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gatehouse:stack:LimitStore", name, {}, opts);
    const { namespace } = args;
    const parent = { parent: this };
    const metadata = { name: LIMIT_STORE, namespace: namespace.reference, labels: podLabels(LIMIT_STORE) };
    const selector = { matchLabels: podLabels(LIMIT_STORE) };

    const settings = createSettings();
    const secrets = [issueCertificate(), settings];
    createNetworkPolicy();
    createDeployment();
    createService();
    this.access = {
      environment: plain({
        LIMIT_STORE_URL: `rediss://${LIMIT_STORE}.${namespace.name}.svc:${PORT}`,
        LIMIT_STORE_CA_FILE: certificateVariables("TLS").TLS_CA_FILE,
        LIMIT_STORE_PASSWORD_FILE: `${FOLDER}/password`,
      } satisfies Partial<Record<keyof LimitEnvironment, string>>),
      secrets: [settings],
      reaches: [{ pods: LIMIT_STORE, port: PORT }],
    };
    this.registerOutputs();

    function createSettings(): SecretFolder {
      const password = new random.RandomPassword(`${name}-password`, { length: 32, special: false }, parent);
      const secret = new k8s.core.v1.Secret(
        `${name}-secret`,
        {
          metadata,
          stringData: { password: password.result, "redis.conf": password.result.apply(redisConf) },
        },
        parent,
      );
      // The hash of a password that nobody chose tells nothing about it.
      const version = pulumi.unsecret(password.result.apply(shortHash));
      return { name: LIMIT_STORE, secret: secret.metadata.name, path: FOLDER, version };
    }

    function issueCertificate(): SecretFolder {
      const certificate = args.authority.issue(LIMIT_STORE, {
        commonName: LIMIT_STORE,
        dnsNames: serviceNames(LIMIT_STORE, namespace.name),
        uses: ["server"],
        secret: `${LIMIT_STORE}-tls`,
      });
      return { name: "tls", path: CERTIFICATE_FOLDER, ...certificate };
    }

    function createDeployment() {
      new k8s.apps.v1.Deployment(
        `${name}-deployment`,
        {
          metadata,
          spec: {
            replicas: 1,
            selector,
            // Never two of them at once, which would count apart.
            strategy: { type: "Recreate" },
            template: {
              metadata: { labels: podLabels(LIMIT_STORE), annotations: secretVersions(secrets) },
              spec: {
                ...restrictedPod,
                terminationGracePeriodSeconds: 5,
                containers: [createContainer()],
                volumes: secretVolumes(secrets),
              },
            },
          },
        },
        parent,
      );
    }

    function createContainer() {
      return {
        name: LIMIT_STORE,
        image: args.config.limitStore.image,
        command: ["redis-server", `${FOLDER}/redis.conf`],
        ports: [{ name: "redis", containerPort: PORT }],
        readinessProbe: { tcpSocket: { port: "redis" }, periodSeconds: 2 },
        livenessProbe: { tcpSocket: { port: "redis" }, periodSeconds: 10 },
        resources: resources({ cpu: "25m", memory: MEMORY.pod }, { cpu: "500m", memory: MEMORY.pod }),
        securityContext: restrictedContainer,
        volumeMounts: secretMounts(secrets),
      };
    }

    function createService() {
      const ports = [{ name: "redis", port: PORT, targetPort: "redis" }];
      new k8s.core.v1.Service(
        `${name}-service`,
        { metadata, spec: { type: "ClusterIP", selector: podLabels(LIMIT_STORE), ports } },
        parent,
      );
    }

    function createNetworkPolicy() {
      const ingress = allowFrom([CLIENT], PORT);
      new k8s.networking.v1.NetworkPolicy(
        `${name}-policy`,
        {
          metadata,
          spec: { podSelector: selector, policyTypes: ["Ingress", "Egress"], ingress, egress: [] },
        },
        parent,
      );
    }
  }
}

/** What authentication needs to count requests; nothing where it does not. */
export function limitExtras(
  config: Pick<StackConfig, "limits" | "limitStore" | "pods">,
  store: LimitStore | undefined,
): ServiceExtras {
  if (store === undefined || config.limits === "off") return { environment: [], secrets: [] };
  const { requestsPerMinute, burst } = config.limits;
  const environment = plain({
    LIMITS: "central",
    LIMIT_REQUESTS_PER_MINUTE: String(requestsPerMinute),
    LIMIT_BURST: String(burst),
    LIMIT_STORE_FAILURE: config.limitStore.failure,
    LIMIT_PROCESSES: String(config.pods(CLIENT).maxPods),
  } satisfies Partial<Record<keyof LimitEnvironment, string>>);
  return { ...store.access, environment: [...environment, ...store.access.environment] };
}

/** Evicts, where memory is short, the buckets that are full soonest. */
function redisConf(password: string): string {
  return Object.entries({
    port: "0",
    "tls-port": String(PORT),
    "tls-cert-file": `${CERTIFICATE_FOLDER}/tls.crt`,
    "tls-key-file": `${CERTIFICATE_FOLDER}/tls.key`,
    "tls-ca-cert-file": `${CERTIFICATE_FOLDER}/ca.crt`,
    "tls-auth-clients": "no",
    "tls-protocols": "TLSv1.3",
    requirepass: password,
    save: '""',
    appendonly: "no",
    maxmemory: MEMORY.data,
    "maxmemory-policy": "volatile-ttl",
  })
    .map(([key, value]) => `${key} ${value}\n`)
    .join("");
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
