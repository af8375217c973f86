import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { IssuedCertificate } from "./certificates.ts";
import type { PlatformNamespace } from "./namespace.ts";
import { plain, podLabels, resources, restrictedContainer, restrictedPod } from "./pods.ts";
import { secretMounts, secretVolumes } from "./pods.ts";

export interface ReadinessJobArgs {
  readonly namespace: PlatformNamespace;
  readonly podName: string;
  /** An image with node. */
  readonly image: string;
  readonly root: IssuedCertificate;
  readonly host: string;
  readonly port: number;
}

const TIMEOUT_SECONDS = 600;

/**
 * Asks a node whether it takes SQL, until it does; the certificate is checked against the name that clients use. A
 * node answers 200 only once the nodes are one cluster.
 */
const SCRIPT = `
const { get } = require("node:https");
const { readFileSync } = require("node:fs");
const { HEALTH_URL, CA_FILE } = process.env;
const ask = () => {
  const request = get(HEALTH_URL, { ca: readFileSync(CA_FILE), timeout: 2000, agent: false }, (answer) => {
    answer.resume();
    if (answer.statusCode === 200) process.exit(0);
    again("status " + answer.statusCode);
  });
  request.on("timeout", () => request.destroy(new Error("timed out")));
  request.on("error", (error) => again(error.message));
};
const again = (reason) => {
  console.log("the database is not ready: " + reason);
  setTimeout(ask, 1000);
};
ask();
`;

/** The Job that is done once the database takes SQL: `pulumi up` waits for it, as it cannot for the release. */
export function createReadinessJob(
  name: string,
  args: ReadinessJobArgs,
  opts: pulumi.CustomResourceOptions,
): k8s.batch.v1.Job {
  const { namespace, podName, root } = args;
  const certificate = { name: "certificates", secret: root.secret, path: "/etc/gatehouse/root", version: "" };
  return new k8s.batch.v1.Job(
    name,
    {
      metadata: { namespace: namespace.reference },
      spec: {
        backoffLimit: 3,
        activeDeadlineSeconds: TIMEOUT_SECONDS,
        template: {
          metadata: { labels: { ...podLabels(podName), "app.kubernetes.io/component": "database-client" } },
          spec: {
            ...restrictedPod,
            restartPolicy: "OnFailure",
            containers: [
              {
                name: "ask",
                image: args.image,
                command: ["node", "-e", SCRIPT],
                env: plain({
                  HEALTH_URL: `https://${args.host}:${args.port}/health?ready=1`,
                  CA_FILE: `${certificate.path}/ca.crt`,
                }),
                resources: resources({ cpu: "10m", memory: "64Mi" }, { cpu: "1", memory: "128Mi" }),
                securityContext: restrictedContainer,
                volumeMounts: secretMounts([certificate]),
              },
            ],
            volumes: secretVolumes([certificate]),
          },
        },
      },
    },
    { ...opts, customTimeouts: { create: `${TIMEOUT_SECONDS}s` } },
  );
}
