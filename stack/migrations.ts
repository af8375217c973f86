import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Database } from "./database.ts";
import type { PlatformNamespace } from "./namespace.ts";
import { allowToDatabase } from "./network.ts";
import type { Container, EnvVar, SecretFolder } from "./pods.ts";
import { podLabels, resources, restrictedContainer, restrictedPod } from "./pods.ts";
import { secretMounts, secretVolumes, uniqueByName } from "./pods.ts";

/** Name of the Job's pods. */
export const MIGRATIONS = "migrations";

export interface MigrationsArgs {
  readonly namespace: PlatformNamespace;
  readonly database: Database;
  /** Services with a database, in the order in which they are migrated. */
  readonly services: readonly string[];
  readonly images: (service: string) => pulumi.Input<string>;
  /** What single migrations read besides. */
  readonly extras: Readonly<Record<string, readonly EnvVar[]>>;
}

/**
 * One Job that brings every service's database up to date, one service after the other: all but the last are init
 * containers. It is replaced, and so runs again, whenever one of the images changes.
 */
export class Migrations extends pulumi.ComponentResource {
  /** What must be there before a service starts; nothing where no service has a database. */
  readonly done: readonly pulumi.Resource[];
  /** A container for each service with a database, to be run one after the other. */
  readonly containers: readonly Container[];
  /** What they read. */
  readonly secrets: readonly SecretFolder[];

  constructor(name: string, args: MigrationsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gatehouse:stack:Migrations", name, {}, opts);
    const { namespace, database } = args;
    const containers = args.services.map(createContainer);
    const secrets = uniqueByName(args.services.flatMap((service) => database.administrator(service).secrets));
    this.containers = containers;
    this.secrets = secrets;
    this.done = containers.length === 0 ? [] : [createJob(this, createNetworkPolicy(this))];
    this.registerOutputs();

    function createJob(parent: pulumi.Resource, policy: pulumi.Resource) {
      return new k8s.batch.v1.Job(
        `${name}-job`,
        {
          metadata: { namespace: namespace.reference },
          spec: {
            // CockroachDB may lose a node meanwhile, and every migration is safe to run again.
            backoffLimit: 5,
            template: {
              metadata: { labels: podLabels(MIGRATIONS) },
              spec: {
                ...restrictedPod,
                restartPolicy: "OnFailure",
                initContainers: containers.slice(0, -1),
                containers: containers.slice(-1),
                volumes: secretVolumes(secrets),
              },
            },
          },
        },
        { parent, dependsOn: [policy, ...database.ready], customTimeouts: { create: "10m" } },
      );
    }

    function createContainer(service: string): Container {
      const access = database.administrator(service);
      return {
        name: service,
        image: args.images(service),
        command: ["node", "/app/migrate.mjs"],
        env: [...access.environment, ...(args.extras[service] ?? [])],
        resources: resources({ cpu: "50m", memory: "128Mi" }, { cpu: "1", memory: "256Mi" }),
        securityContext: restrictedContainer,
        volumeMounts: secretMounts(access.secrets),
      };
    }

    function createNetworkPolicy(parent: pulumi.Resource) {
      return new k8s.networking.v1.NetworkPolicy(
        `${name}-policy`,
        {
          metadata: { name: MIGRATIONS, namespace: namespace.reference },
          spec: {
            podSelector: { matchLabels: podLabels(MIGRATIONS) },
            policyTypes: ["Ingress", "Egress"],
            egress: allowToDatabase(database),
          },
        },
        { parent },
      );
    }
  }
}
