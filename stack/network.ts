import type * as k8s from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import type { Database } from "./database.ts";

type Peer = k8s.types.input.networking.v1.NetworkPolicyPeer;
type Ingress = k8s.types.input.networking.v1.NetworkPolicyIngressRule;
type Egress = k8s.types.input.networking.v1.NetworkPolicyEgressRule;

/** The port that every service listens at inside its pod; its Service shows 443. */
export const SERVICE_PORT = 8443;
/** Port of the gateway's metrics inside its pods. */
export const GATEWAY_METRICS_PORT = 9100;
/** Ports at which API servers listen, behind their Service. */
export const API_SERVER_PORTS = [443, 6443, 8443] as const;
export const SQL_PORT = 26257;
export const DATABASE_HTTP_PORT = 8080;

/** Pods of the namespace by name. */
export function podsNamed(...names: readonly string[]): Peer {
  return {
    podSelector: {
      matchExpressions: [{ key: "app.kubernetes.io/name", operator: "In", values: [...names] }],
    },
  };
}

/** Connections that pods with these names may open to the ports. Nobody where there is no name. */
export function allowFrom(names: readonly string[], ...ports: Input<number>[]): Ingress[] {
  return names.length === 0 ? [] : [{ from: [podsNamed(...names)], ports: tcp(ports) }];
}

/** Connections to pods with these names. */
export function allowTo(names: readonly string[], ...ports: Input<number>[]): Egress[] {
  return names.length === 0 ? [] : [{ to: [podsNamed(...names)], ports: tcp(ports) }];
}

/** Connections to any address: for what is outside of the cluster, whose addresses change. */
export function allowToAnywhere(...ports: Input<number>[]): Egress[] {
  return [{ ports: tcp(ports) }];
}

/** Connections to the database, wherever it is. */
export function allowToDatabase({ pods, port }: Pick<Database, "pods" | "port">): Egress[] {
  return pods.length === 0 ? allowToAnywhere(port) : allowTo(pods, port);
}

/** Connections to the collector of traces, if there is one: it may be in another namespace or outside. */
export function allowToCollector(endpoint: string | undefined): Egress[] {
  if (endpoint === undefined) return [];
  const { port, protocol } = new URL(endpoint);
  return allowToAnywhere(port === "" ? (protocol === "https:" ? 443 : 80) : Number(port));
}

export function tcp(ports: readonly Input<number>[]): k8s.types.input.networking.v1.NetworkPolicyPort[] {
  return ports.map((port) => ({ protocol: "TCP", port }));
}
