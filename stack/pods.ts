import type * as k8s from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";

export type EnvVar = k8s.types.input.core.v1.EnvVar;
export type Container = k8s.types.input.core.v1.Container;
export type PodSpec = k8s.types.input.core.v1.PodSpec;

/** Labels that all pods of the platform have; NetworkPolicies select by the first. */
export function podLabels(name: string): Record<string, string> {
  return { "app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "gatehouse" };
}

/** Annotations by which a Prometheus finds what to read, as many of its configurations take them. */
export function scrapeAnnotations(scheme: "http" | "https", port: number): Record<string, string> {
  return {
    "prometheus.io/scrape": "true",
    "prometheus.io/scheme": scheme,
    "prometheus.io/port": String(port),
    "prometheus.io/path": "/metrics",
  };
}

/** The user and group of every process: above 10000, where no node has an account of its own. */
export const USER = 10_001;

/** What Pod Security "restricted" asks of a pod, and no way to the API server. */
export const restrictedPod = {
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  securityContext: {
    runAsNonRoot: true,
    runAsUser: USER,
    runAsGroup: USER,
    // The kubelet gives files of Secrets to this group: the only way for this user to read them.
    fsGroup: USER,
    seccompProfile: { type: "RuntimeDefault" },
  },
} as const;

/** What "restricted" asks of a container, and a root file system that nobody can write to. */
export const restrictedContainer = {
  allowPrivilegeEscalation: false,
  privileged: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  capabilities: { drop: ["ALL"] },
};

interface Share {
  readonly cpu: Input<string>;
  readonly memory: Input<string>;
}

/**
 * What a container is given and what it may use at most. Nothing of ours writes to a disk of the node but its logs, of which
 * the kubelet keeps 50 MiB: the limit stops what has gone wrong before it fills the node.
 */
export function resources(requests: Share, limits: Share) {
  return {
    requests: { ...share(requests), "ephemeral-storage": "64Mi" },
    limits: { ...share(limits), "ephemeral-storage": "1Gi" },
  };
}

function share({ cpu, memory }: Share): Share {
  return { cpu, memory };
}

/** A Secret that a container sees as a folder of files. */
export interface SecretFolder {
  /** Name of the volume. */
  readonly name: string;
  readonly secret: Input<string>;
  readonly path: string;
  /** Changes with the Secret's content: pods roll when it does. */
  readonly version: Input<string>;
}

/** Readable for the owner and the group, root and ours: some clients refuse a key that more can read. */
const SECRET_FILE_MODE = 0o440;

export function secretVolumes(folders: readonly SecretFolder[]): k8s.types.input.core.v1.Volume[] {
  return folders.map(({ name, secret }) => ({
    name,
    secret: { secretName: secret, defaultMode: SECRET_FILE_MODE },
  }));
}

export function secretMounts(folders: readonly SecretFolder[]): k8s.types.input.core.v1.VolumeMount[] {
  return folders.map(({ name, path }) => ({ name, mountPath: path, readOnly: true }));
}

/** Folders of several containers, each once. */
export function uniqueByName(folders: readonly SecretFolder[]): SecretFolder[] {
  return [...new Map(folders.map((folder) => [folder.name, folder])).values()];
}

/** Annotations of a pod template that make its pods roll when a Secret that they mount changes. */
export function secretVersions(folders: readonly SecretFolder[]): Record<string, Input<string>> {
  return Object.fromEntries(folders.map(({ name, version }) => [`gatehouse.dev/${name}-version`, version]));
}

/** A variable whose value is in a Secret. */
export function fromSecret(name: string, secret: Input<string>, key: string): EnvVar {
  return { name, valueFrom: { secretKeyRef: { name: secret, key } } };
}

/** Variables with plain values. */
export function plain(variables: Readonly<Record<string, Input<string>>>): EnvVar[] {
  return Object.entries(variables).map(([name, value]) => ({ name, value }));
}
