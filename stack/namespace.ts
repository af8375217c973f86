import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/**
 * The platform's namespace: Pod Security "restricted" for every pod in it, the database's and the gateway's
 * included, and no connection between any two pods that a NetworkPolicy beside them does not allow.
 */
export class PlatformNamespace extends pulumi.ComponentResource {
  /** The name, for addresses that are made from it. */
  readonly name: string;
  /** The name once the namespace is there: what `metadata.namespace` takes. */
  readonly reference: pulumi.Output<string>;

  constructor(name: string, args: { name: string }, opts?: pulumi.ComponentResourceOptions) {
    super("gatehouse:stack:PlatformNamespace", name, {}, opts);
    const parent = { parent: this };
    const namespace = createNamespace();
    createDefaultDeny();
    createNameResolution();
    this.name = args.name;
    this.reference = namespace.metadata.name;
    this.registerOutputs({ name: this.reference });

    function createNamespace() {
      const level = "restricted";
      const labels = Object.fromEntries(
        ["enforce", "audit", "warn"].map((mode) => [`pod-security.kubernetes.io/${mode}`, level]),
      );
      return new k8s.core.v1.Namespace(name, { metadata: { name: args.name, labels } }, parent);
    }

    function createDefaultDeny() {
      new k8s.networking.v1.NetworkPolicy(
        `${name}-default-deny`,
        {
          metadata: { name: "default-deny", namespace: namespace.metadata.name },
          spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
        },
        parent,
      );
    }

    function createNameResolution() {
      const ports = [53, 5353].flatMap((port) => ["UDP", "TCP"].map((protocol) => ({ protocol, port })));
      new k8s.networking.v1.NetworkPolicy(
        `${name}-name-resolution`,
        {
          metadata: { name: "name-resolution", namespace: namespace.metadata.name },
          // The pods of the cluster's DNS, or its cache on the node, whose address is the node's.
          spec: { podSelector: {}, policyTypes: ["Egress"], egress: [{ ports }] },
        },
        parent,
      );
    }
  }
}
