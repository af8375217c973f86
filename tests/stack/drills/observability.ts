import { until } from "../cluster.ts";
import { Grafana } from "../grafana.ts";
import { underLoad } from "../load.ts";
import { forwardPort } from "../port-forward.ts";
import { Prometheus } from "../prometheus.ts";
import { User } from "../user.ts";
import type { Drill, DrillContext } from "./drill.ts";
import { calm, deployments } from "./drill.ts";

/** A service without which clients are served all the same, but for its own pages. */
const VICTIM = "docs";
const SECONDS = 180;

/**
 * Prometheus and Grafana, by their own charts. Prometheus reads every pod of every service and of the gateway through the network
 * policies, has taken all alert rules, and raises the alert of a service that is gone. Grafana has the catalog's dashboards, and
 * draws every line of them with what it asks Prometheus for. Without an image of one of them it fails.
 */
export const observability: Drill = async (context) => {
  const { cluster, say } = context;
  try {
    await context.deploy({ observability: "true", metricsStorage: "1Gi" });
    await calm(context);
    const forwarded = await forwardPort(cluster.namespace, "deployment/prometheus", 9090);
    try {
      const prometheus = new Prometheus(forwarded);
      say(await expectReadings(context, prometheus));
      say(await expectAlert(context, prometheus));
    } finally {
      forwarded.close();
    }
    return await expectDashboards(context);
  } finally {
    await context.deploy({ observability: "false" });
  }
};

async function expectReadings(context: DrillContext, prometheus: Prometheus): Promise<string> {
  const names = async (job: string) => (await context.cluster.pods(job)).map(({ name }) => name);
  const pods = await Promise.all(deployments(context).map(async (job) => [job, await names(job)] as const));
  const read = await prometheus.expectPods(Object.fromEntries(pods));
  const rules = await prometheus.expectRules();
  await expectRequests(context, prometheus);
  return `${read} pods read, ${rules} rules taken, requests of ${context.services.length} services counted`;
}

async function expectRequests({ outputs, services }: DrillContext, prometheus: Prometheus): Promise<void> {
  const user = await User.signUp(outputs);
  await underLoad(outputs, async () => {
    await until("every service's requests are counted", SECONDS, async () => {
      await user.expect(200, { method: "GET", path: "/openapi.json" });
      const busy = await prometheus.busyServices();
      return services.every((name) => busy.includes(name));
    });
  });
  await user.close();
  const routers = await prometheus.routers();
  if (!routers.includes("get-openapi-json"))
    throw new Error(`the gateway's routers have other names than their routes: ${routers.join(", ")}`);
}

/** A service without a pod is told of within minutes, and no more once it is back. */
async function expectAlert({ cluster }: DrillContext, prometheus: Prometheus): Promise<string> {
  const firing = () => prometheus.isFiring("NoReplicas", VICTIM);
  if (await firing()) throw new Error(`NoReplicas fires while ${VICTIM} has its pods`);
  await cluster.kubectl(["scale", "deployment", VICTIM, "--replicas=0"]);
  const fired = await until(`NoReplicas fires for ${VICTIM}`, SECONDS, firing).finally(() =>
    cluster.kubectl(["scale", "deployment", VICTIM, "--replicas=2"]),
  );
  await cluster.settle(VICTIM, 2);
  const ended = await until(`NoReplicas ends for ${VICTIM}`, SECONDS, async () => !(await firing()));
  return `NoReplicas fired ${fired.toFixed(0)} s after ${VICTIM} lost its pods and ended ${ended.toFixed(0)} s after it had them again`;
}

async function expectDashboards({ cluster, readOutputs }: DrillContext): Promise<string> {
  const { grafanaPassword } = await readOutputs();
  if (grafanaPassword === undefined) throw new Error("the stack tells no password of Grafana");
  const forwarded = await forwardPort(cluster.namespace, "service/grafana", 80);
  try {
    const grafana = new Grafana(forwarded, grafanaPassword);
    const version = await grafana.version();
    await grafana.expectDataSource();
    const dashboards = await grafana.expectDashboards();
    const lines = await grafana.expectLines();
    return `Grafana ${version} has ${dashboards} dashboards, and an answer for each of their ${lines} lines`;
  } finally {
    forwarded.close();
  }
}
