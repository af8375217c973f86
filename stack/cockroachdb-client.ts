import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { IssuedCertificate } from "./certificates.ts";
import type { PlatformNamespace } from "./namespace.ts";
import { SQL_PORT } from "./network.ts";
import { plain, podLabels, resources, restrictedContainer, restrictedPod } from "./pods.ts";

const CERTIFICATES = "/cockroach-certs";

export interface ClientPodArgs {
  readonly namespace: PlatformNamespace;
  readonly podName: string;
  readonly image: string;
  readonly root: IssuedCertificate;
  readonly host: string;
}

/**
 * A pod that waits, for SQL by hand: `kubectl exec -it cockroachdb-client-secure -- cockroach sql`. The variables
 * are those of cockroach and of psql, so that neither needs an option.
 */
export function createClientPod(
  name: string,
  { namespace, podName, image, root, host }: ClientPodArgs,
  opts: pulumi.CustomResourceOptions,
): k8s.core.v1.Pod {
  return new k8s.core.v1.Pod(
    name,
    {
      metadata: {
        name: podName,
        namespace: namespace.reference,
        labels: { ...podLabels(podName), "app.kubernetes.io/component": "database-client" },
        annotations: { "gatehouse.dev/certificate-version": root.version },
      },
      spec: {
        ...restrictedPod,
        terminationGracePeriodSeconds: 0,
        containers: [
          {
            name: "client",
            image,
            command: ["sleep", "infinity"],
            env: plain(variables(host)),
            resources: resources({ cpu: "10m", memory: "32Mi" }, { cpu: "1", memory: "256Mi" }),
            securityContext: restrictedContainer,
            volumeMounts: [
              { name: "certificates", mountPath: CERTIFICATES, readOnly: true },
              { name: "home", mountPath: "/home/client" },
            ],
          },
        ],
        volumes: [certificates(root), { name: "home", emptyDir: {} }],
      },
    },
    opts,
  );
}

/** The certificate under the file names that cockroach looks for. */
function certificates(root: IssuedCertificate) {
  const items = [
    { key: "ca.crt", path: "ca.crt" },
    { key: "tls.crt", path: "client.root.crt" },
    { key: "tls.key", path: "client.root.key" },
  ];
  return { name: "certificates", secret: { secretName: root.secret, defaultMode: 0o440, items } };
}

function variables(host: string): Record<string, string> {
  return {
    HOME: "/home/client",
    COCKROACH_HOST: `${host}:${SQL_PORT}`,
    COCKROACH_CERTS_DIR: CERTIFICATES,
    PGHOST: host,
    PGPORT: String(SQL_PORT),
    PGUSER: "root",
    PGDATABASE: "defaultdb",
    PGSSLMODE: "verify-full",
    PGSSLROOTCERT: `${CERTIFICATES}/ca.crt`,
    PGSSLCERT: `${CERTIFICATES}/client.root.crt`,
    PGSSLKEY: `${CERTIFICATES}/client.root.key`,
  };
}
