import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { BackupJobVariables, RestoreJobVariables } from "../backup/jobs/environment.ts";
import { BACKUP, RESTORE } from "../services/shared/catalog.ts";
import type { CertificateAuthority } from "./certificates.ts";
import type { BackupSettings, StackConfig } from "./config.ts";
import type { Database, DatabaseAccess } from "./database.ts";
import { BundledImage } from "./images.ts";
import { CERTIFICATE_FOLDER } from "./microservice-tls.ts";
import type { Migrations } from "./migrations.ts";
import type { PlatformNamespace } from "./namespace.ts";
import { allowToDatabase } from "./network.ts";
import type { Container, EnvVar, PodSpec, SecretFolder } from "./pods.ts";
import { plain, podLabels, resources, restrictedContainer, restrictedPod } from "./pods.ts";
import { secretMounts, secretVolumes, uniqueByName } from "./pods.ts";

/** Name of the volume claim. */
const VOLUME = "backups";
const FOLDER = "/var/lib/gatehouse/backups";
/** Seconds after which a run is ended: something is wrong, and the next one is on time. */
const DEADLINE = 3600;

export interface BackupsArgs {
  readonly namespace: PlatformNamespace;
  readonly authority: CertificateAuthority;
  readonly database: Database;
  /** What follows a restore. */
  readonly migrations: Pick<Migrations, "containers" | "secrets">;
  readonly config: Pick<StackConfig, "backups" | "images">;
}

/** The backups, where they are wanted. */
export function createBackups(name: string, args: BackupsArgs): Backups | undefined {
  const { backups: settings } = args.config;
  return settings === undefined ? undefined : new Backups(name, { ...args, settings });
}

/**
 * A backup of all databases on a schedule, in a volume of its own, by a login that can only read. Beside it a Job that restores
 * one, as a suspended CronJob: it runs where somebody makes a Job of it (docs/backup.md).
 */
export class Backups extends pulumi.ComponentResource {
  constructor(
    name: string,
    args: BackupsArgs & { settings: BackupSettings },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("gatehouse:stack:Backups", name, {}, opts);
    const { namespace, database, settings, migrations } = args;
    const parent = { parent: this };
    const image = new BundledImage(BACKUP, { ...args.config.images, source: "backup/jobs" }, parent)
      .reference;
    const volume = createVolume();
    const policies = [BACKUP, RESTORE].map(createNetworkPolicy);
    createSchedule(BACKUP, { schedule: settings.schedule, suspend: false }, backupPod());
    createSchedule(RESTORE, { schedule: "0 0 1 1 *", suspend: true }, restorePod());
    this.registerOutputs();

    function createVolume() {
      return new k8s.core.v1.PersistentVolumeClaim(
        `${name}-volume`,
        {
          // Many storage classes bind a claim when the first pod uses it: nothing here waits for that.
          metadata: { ...metadata(VOLUME), annotations: { "pulumi.com/skipAwait": "true" } },
          spec: {
            accessModes: ["ReadWriteOnce"],
            resources: { requests: { storage: settings.storage } },
            ...(settings.storageClass === "" ? {} : { storageClassName: settings.storageClass }),
          },
        },
        parent,
      );
    }

    function createNetworkPolicy(pods: string) {
      return new k8s.networking.v1.NetworkPolicy(
        `${name}-${pods}-policy`,
        {
          metadata: metadata(pods),
          spec: {
            podSelector: { matchLabels: podLabels(pods) },
            policyTypes: ["Ingress", "Egress"],
            egress: allowToDatabase(database),
          },
        },
        parent,
      );
    }

    function createSchedule(job: string, when: { schedule: string; suspend: boolean }, pod: PodSpec) {
      new k8s.batch.v1.CronJob(
        `${name}-${job}`,
        {
          metadata: metadata(job),
          spec: {
            ...when,
            timeZone: "Etc/UTC",
            concurrencyPolicy: "Forbid",
            startingDeadlineSeconds: DEADLINE,
            successfulJobsHistoryLimit: 3,
            failedJobsHistoryLimit: 3,
            jobTemplate: {
              spec: {
                backoffLimit: 5,
                activeDeadlineSeconds: DEADLINE,
                template: { metadata: { labels: podLabels(job) }, spec: pod },
              },
            },
          },
        },
        { ...parent, dependsOn: policies },
      );
    }

    function backupPod(): PodSpec {
      const access = database.login(BACKUP);
      const secrets = [issueCertificate(), ...access.secrets];
      const variables: Pick<BackupJobVariables, "BACKUP_FOLDER" | "BACKUPS_KEPT"> = {
        BACKUP_FOLDER: FOLDER,
        BACKUPS_KEPT: String(settings.kept),
      };
      return jobPod([container(BACKUP, "main", access, secrets, plain(variables))], secrets);
    }

    /** A restored database has what the migrations of its day made of it: those of today follow at once. */
    function restorePod(): PodSpec {
      const access = database.administrator();
      const variables: Pick<RestoreJobVariables, "BACKUP_FOLDER" | "BACKUP"> = {
        BACKUP_FOLDER: FOLDER,
        BACKUP: "",
      };
      const restore = container(RESTORE, "restore", access, access.secrets, plain(variables));
      return jobPod([restore, ...migrations.containers], [...access.secrets, ...migrations.secrets]);
    }

    function container(
      job: string,
      bundle: string,
      access: DatabaseAccess,
      secrets: readonly SecretFolder[],
      variables: EnvVar[],
    ): Container {
      return {
        name: job,
        image,
        command: ["node", `/app/${bundle}.mjs`],
        env: [...access.environment, ...variables],
        resources: resources({ cpu: "50m", memory: "128Mi" }, { cpu: "1", memory: "256Mi" }),
        securityContext: restrictedContainer,
        volumeMounts: [...secretMounts(secrets), { name: VOLUME, mountPath: FOLDER }],
      };
    }

    /** A pod that runs one container after the other. */
    function jobPod(containers: readonly Container[], secrets: readonly SecretFolder[]): PodSpec {
      return {
        ...restrictedPod,
        // In the same pod: networks take a moment to let a new pod through, and another pod would be as new.
        restartPolicy: "OnFailure",
        initContainers: containers.slice(0, -1),
        containers: containers.slice(-1),
        volumes: [
          ...secretVolumes(uniqueByName(secrets)),
          { name: VOLUME, persistentVolumeClaim: { claimName: volume.metadata.name } },
        ],
      };
    }

    /** It is the database login too, as a service's is. */
    function issueCertificate(): SecretFolder {
      const certificate = args.authority.issue(BACKUP, {
        commonName: BACKUP,
        uses: ["client"],
        secret: `${BACKUP}-tls`,
      });
      return { name: "tls", path: CERTIFICATE_FOLDER, ...certificate };
    }

    function metadata(called: string) {
      return { name: called, namespace: namespace.reference, labels: podLabels(called) };
    }
  }
}
