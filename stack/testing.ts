import type { types } from "@pulumi/kubernetes";
import { vi } from "vitest";
import type { Program } from "./program.ts";
import { runProgram } from "./program.ts";

interface Named {
  readonly metadata: { readonly name: string };
}

/** What the tests look at, by the type of the resource. */
interface Kinds {
  "kubernetes:core/v1:Namespace": types.output.core.v1.Namespace;
  "kubernetes:core/v1:Secret": types.output.core.v1.Secret;
  "kubernetes:core/v1:ConfigMap": types.output.core.v1.ConfigMap;
  "kubernetes:core/v1:Service": types.output.core.v1.Service;
  "kubernetes:core/v1:Pod": types.output.core.v1.Pod;
  "kubernetes:apps/v1:Deployment": types.output.apps.v1.Deployment;
  "kubernetes:core/v1:PersistentVolumeClaim": types.output.core.v1.PersistentVolumeClaim;
  "kubernetes:batch/v1:CronJob": types.output.batch.v1.CronJob;
  "kubernetes:batch/v1:Job": types.output.batch.v1.Job;
  "kubernetes:autoscaling/v2:HorizontalPodAutoscaler": types.output.autoscaling.v2.HorizontalPodAutoscaler;
  "kubernetes:networking.k8s.io/v1:NetworkPolicy": types.output.networking.v1.NetworkPolicy;
  "kubernetes:helm.sh/v3:Release": { readonly chart: string; readonly values: object };
  "kubernetes:traefik.io/v1alpha1:Middleware": Named & { readonly spec: object };
  "kubernetes:traefik.io/v1alpha1:IngressRoute": Named & {
    readonly spec: {
      readonly routes: readonly [
        { readonly match: string; readonly middlewares: readonly { name: string }[] },
      ];
    };
  };
  "tls:index/certRequest:CertRequest": {
    readonly subject: { readonly commonName: string };
    readonly dnsNames: readonly string[];
    readonly ipAddresses: readonly string[];
  };
}

export interface Stack extends Program {
  /** The inputs of all resources of a type. */
  ofType<K extends keyof Kinds>(type: K): Kinds[K][];
  /** The inputs of the resource of a type with this name, in the cluster or in the stack. */
  one<K extends keyof Kinds>(type: K, name: string): Kinds[K];
}

/** Runs the whole program with these settings on top of the defaults of Pulumi.yaml. */
export async function runStack(settings: Readonly<Record<string, unknown>> = {}): Promise<Stack> {
  vi.resetModules();
  const program = await runProgram(settings, () => import("../index.ts"));
  const all = <K extends keyof Kinds>(type: K) =>
    program.resources
      .filter((resource) => resource.type === type)
      .map(({ name, inputs }) => ({ name, inputs: inputs as unknown as Kinds[K] }));
  return {
    ...program,
    ofType: (type) => all(type).map(({ inputs }) => inputs),
    one(type, name) {
      const found = all(type).find(
        (resource) => resource.name === name || (resource.inputs as Partial<Named>).metadata?.name === name,
      );
      if (found === undefined) throw new Error(`no ${type} called ${name}`);
      return found.inputs;
    },
  };
}

/** Names of the pods that the rules of a NetworkPolicy speak of. */
export function podsIn(rules: readonly { from?: Peer[]; to?: Peer[] }[]): string[] {
  return rules.flatMap(({ from = [], to = [] }) =>
    [...from, ...to].flatMap((peer) => peer.podSelector.matchExpressions[0]?.values ?? []),
  );
}
type Peer = types.output.networking.v1.NetworkPolicyPeer;
