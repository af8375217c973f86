import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { serviceNames, type CertificateAuthority } from "./certificates.ts";
import { chartOf } from "./charts.ts";
import { createClientPod } from "./cockroachdb-client.ts";
import { createReadinessJob } from "./cockroachdb-readiness.ts";
import type { CockroachSettings } from "./config.ts";
import type { Database, DatabaseAccess, DatabaseVariables } from "./database.ts";
import { certificateVariables } from "./microservice-tls.ts";
import type { PlatformNamespace } from "./namespace.ts";
import { allowFrom, allowTo, DATABASE_HTTP_PORT, SQL_PORT } from "./network.ts";
import { plain, type SecretFolder } from "./pods.ts";

/** The release's name, which the chart's objects have as well. */
const NAME = "cockroachdb";
const PUBLIC_SERVICE = `${NAME}-public`;
const CLIENT_POD = "cockroachdb-client-secure";
const READINESS = "database-readiness";

export interface CockroachDatabaseArgs {
  readonly namespace: PlatformNamespace;
  readonly settings: CockroachSettings;
  readonly authority: CertificateAuthority;
  readonly imageBase: string;
  readonly clients: readonly string[];
}

/**
 * CockroachDB by its own chart, with certificates of the platform's CA. Nodes, clients and administrators all sign
 * in by certificate: there is no password anywhere.
 */
export class CockroachDatabase extends pulumi.ComponentResource implements Database {
  readonly pods = [NAME];
  readonly port = SQL_PORT;
  readonly ready: readonly pulumi.Resource[];
  readonly #root: SecretFolder;
  readonly #host: string;

  constructor(name: string, args: CockroachDatabaseArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gatehouse:stack:CockroachDatabase", name, {}, opts);
    const { namespace, settings, authority } = args;
    const parent = { parent: this };
    const host = `${PUBLIC_SERVICE}.${namespace.name}.svc`;
    const node = issueNodeCertificate();
    const root = authority.issue(`${name}-root`, {
      commonName: "root",
      uses: ["client"],
      secret: "cockroachdb-root",
    });
    const policies = createNetworkPolicies();
    const release = createRelease();
    const readiness = createReadinessJob(
      `${name}-readiness`,
      { namespace, image: args.imageBase, podName: READINESS, root, host, port: DATABASE_HTTP_PORT },
      { ...parent, dependsOn: [release, ...policies] },
    );
    const client = createClientPod(
      `${name}-client`,
      { namespace, image: settings.clientImage, podName: CLIENT_POD, root, host },
      { ...parent, dependsOn: [readiness] },
    );
    this.#host = host;
    this.#root = {
      name: "database-root",
      secret: root.secret,
      path: "/etc/gatehouse/root",
      version: root.version,
    };
    this.ready = [readiness];
    this.registerOutputs({ client: client.metadata.name });

    function issueNodeCertificate() {
      const peers = serviceNames(NAME, namespace.name).map((address) => `*.${address}`);
      return authority.issue(`${name}-node`, {
        commonName: "node",
        dnsNames: ["localhost", ...serviceNames(PUBLIC_SERVICE, namespace.name), ...peers],
        ipAddresses: ["127.0.0.1"],
        uses: ["server", "client"],
        secret: "cockroachdb-node",
      });
    }

    function createRelease() {
      return new k8s.helm.v3.Release(
        `${name}-release`,
        {
          ...chartOf(settings.chart),
          name: NAME,
          namespace: namespace.reference,
          // The chart makes a cluster of the nodes in a hook that runs after the install: to wait for ready nodes
          // first would be to wait for ever. The readiness Job waits instead.
          skipAwait: true,
          cleanupOnFail: true,
          timeout: 600,
          values: chartValues(settings, {
            node: node.version,
            nodeSecret: node.secret,
            rootSecret: root.secret,
          }),
        },
        { ...parent, dependsOn: policies },
      );
    }

    function createNetworkPolicies() {
      const database = { "app.kubernetes.io/name": NAME };
      return [
        policy("nodes", database, {
          ingress: [
            ...allowFrom([NAME], SQL_PORT, DATABASE_HTTP_PORT),
            ...allowFrom([...args.clients, CLIENT_POD], SQL_PORT),
            ...allowFrom([READINESS], DATABASE_HTTP_PORT),
          ],
          egress: allowTo([NAME], SQL_PORT, DATABASE_HTTP_PORT),
        }),
        policy(
          "clients",
          { "app.kubernetes.io/component": "database-client" },
          { egress: allowTo([NAME], SQL_PORT, DATABASE_HTTP_PORT) },
        ),
      ];
    }

    function policy(
      suffix: string,
      matchLabels: Record<string, string>,
      rules: Pick<k8s.types.input.networking.v1.NetworkPolicySpec, "ingress" | "egress">,
    ) {
      return new k8s.networking.v1.NetworkPolicy(
        `${name}-${suffix}-policy`,
        {
          metadata: { name: `${NAME}-${suffix}`, namespace: namespace.reference },
          spec: { podSelector: { matchLabels }, policyTypes: ["Ingress", "Egress"], ...rules },
        },
        parent,
      );
    }
  }

  login(name: string): DatabaseAccess {
    const variables: DatabaseVariables = {
      DATABASE_URL: `postgresql://${name}@${this.#host}:${SQL_PORT}/${name}`,
      // The pod's own certificate has its login's name: to the database it is the same proof.
      ...certificateVariables("DATABASE"),
    };
    return { environment: plain(variables), secrets: [] };
  }

  administrator(): DatabaseAccess {
    const variables: DatabaseVariables = {
      DATABASE_URL: `postgresql://root@${this.#host}:${SQL_PORT}/defaultdb`,
      ...certificateVariables("DATABASE", this.#root.path),
    };
    return { environment: plain(variables), secrets: [this.#root] };
  }
}

interface Certificates {
  readonly node: pulumi.Input<string>;
  readonly nodeSecret: pulumi.Input<string>;
  readonly rootSecret: pulumi.Input<string>;
}

/** Values of the chart, none of them secret: certificates go in by the names of their Secrets. */
function chartValues(settings: CockroachSettings, certificates: Certificates) {
  const resources = { cpu: settings.cpu, memory: settings.memory };
  return {
    fullnameOverride: NAME,
    conf: { "single-node": settings.nodes === 1 },
    statefulset: {
      replicas: settings.nodes,
      // Nodes are replaced one at a time when their certificate is.
      annotations: { "gatehouse.dev/certificate-version": certificates.node },
      resources: { requests: resources, limits: { memory: settings.memory } },
      terminationGracePeriodSeconds: 60,
    },
    storage: { persistentVolume: { size: settings.storage, storageClass: settings.storageClass } },
    tls: {
      enabled: true,
      certs: {
        provided: true,
        tlsSecret: true,
        nodeSecret: certificates.nodeSecret,
        clientRootSecret: certificates.rootSecret,
        selfSigner: { enabled: false },
      },
    },
  };
}
