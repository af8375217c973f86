import { z } from "zod";
import type { Cluster } from "../cluster.ts";
import type { Drill } from "./drill.ts";

const STRANGER = "stranger";
const DATABASE = { host: "cockroachdb-public", port: 26257 };

/** Prints whether a connection comes about; what a policy forbids is neither answered nor refused. */
const connectScript = (targets: readonly Target[]) => `
import net from "node:net";
const open = ({ host, port }) => new Promise((resolve) => {
  const socket = net.connect({ host, port, timeout: 3000 });
  const done = (answer) => { socket.destroy(); resolve(answer); };
  socket.on("connect", () => done(true)).on("timeout", () => done(false)).on("error", () => done(false));
});
console.log(JSON.stringify(await Promise.all(${JSON.stringify(targets)}.map(open))));
`;

/** Calls orders' internal route with the certificate on stdin, and prints the status. */
const internalCallScript = (namespace: string) => `
import https from "node:https";
import { readFileSync } from "node:fs";
const { cert, key } = JSON.parse(readFileSync(0, "utf8"));
const ca = readFileSync(process.env.TLS_CA_FILE);
const options = { ca, cert, key, method: "POST", headers: { "content-type": "application/json" }, timeout: 5000 };
https.request("https://orders.${namespace}.svc/microservice/orders/add", options, (answer) => {
  console.log(answer.statusCode);
  process.exit();
}).on("error", (error) => { console.log(error.code); process.exit(); }).end("{}");
`;

interface Target {
  readonly host: string;
  readonly port: number;
}

/** Who reaches whom: by the network policies, and by the name in a client certificate. */
export const isolation: Drill = async ({ cluster, services, say }) => {
  const everything = [...services.map((host) => ({ host, port: 443 })), DATABASE];
  await expectConnections(cluster, "deployment/products", [{ host: "orders", port: 443 }, DATABASE], true);
  await expectConnections(cluster, "deployment/products", [{ host: "authentication", port: 443 }], false);
  await expectConnections(cluster, "deployment/orders", [{ host: "products", port: 443 }], false);
  await withStranger(cluster, (pod) => expectConnections(cluster, pod, everything, false));
  say(
    `a stranger's pod reaches none of ${everything.length} addresses; products reaches orders and the database`,
  );

  const statuses = await internalCalls(cluster, ["products", "gateway", "authentication"]);
  say(`/microservice/orders/add: ${statuses.join(", ")}`);
  return `only products may call orders, and a stranger's pod reaches nothing: ${statuses.join(", ")}`;
};

async function expectConnections(
  cluster: Cluster,
  pod: string,
  targets: readonly Target[],
  open: boolean,
): Promise<void> {
  const printed = await cluster.node(pod, connectScript(targets));
  const answers = z.array(z.boolean()).parse(JSON.parse(printed));
  const wrong = targets.filter((_, index) => answers[index] !== open).map(({ host }) => host);
  if (wrong.length > 0)
    throw new Error(`${pod} ${open ? "does not reach" : "reaches"} ${wrong.join(", ")}, against the catalog`);
}

/** From products' place in the network, so that only the certificate makes the difference. */
async function internalCalls(cluster: Cluster, names: readonly string[]): Promise<string[]> {
  const statuses: string[] = [];
  for (const name of names) {
    const certificate = await certificateOf(cluster, name);
    const script = internalCallScript(cluster.namespace);
    const printed = await cluster.node("products", script, JSON.stringify(certificate));
    const status = Number(printed);
    const refused = status === 401 || status === 403;
    // The body is empty: whoever is let in is told so with another 4xx.
    if (!(status >= 400 && status < 500)) throw new Error(`unexpected answer to ${name}: ${printed}`);
    if (refused === (name === "products"))
      throw new Error(`/microservice/orders/add answers ${status} to ${name}`);
    statuses.push(`${name} ${status}`);
  }
  return statuses;
}

const secret = z.object({ data: z.object({ "tls.crt": z.base64(), "tls.key": z.base64() }) });

async function certificateOf(cluster: Cluster, name: string): Promise<{ cert: string; key: string }> {
  const { data } = secret.parse(
    JSON.parse(await cluster.kubectl(["get", "secret", `${name}-tls`, "-o", "json"])),
  );
  const text = (value: string) => Buffer.from(value, "base64").toString();
  return { cert: text(data["tls.crt"]), key: text(data["tls.key"]) };
}

/** A pod of no service, with an image that is in the cluster already. */
async function withStranger(cluster: Cluster, use: (pod: string) => Promise<void>): Promise<void> {
  const image = await cluster.kubectl([
    ...["get", "deployment", "products"],
    ...["-o", "jsonpath={.spec.template.spec.containers[0].image}"],
  ]);
  const manifest = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: STRANGER, labels: { "app.kubernetes.io/name": STRANGER } },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: STRANGER,
          image,
          command: ["sleep", "600"],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        },
      ],
    },
  };
  await cluster.kubectl(["apply", "-f", "-"], { input: JSON.stringify(manifest) });
  try {
    await cluster.kubectl(["wait", `pod/${STRANGER}`, "--for=condition=Ready", "--timeout=60s"]);
    await use(`pod/${STRANGER}`);
  } finally {
    await cluster.kubectl(["delete", "pod", STRANGER, "--ignore-not-found"]);
  }
}
