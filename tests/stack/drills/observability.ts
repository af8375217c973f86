import { z } from "zod";
import { alertRules } from "../../../observability/alerts.ts";
import { catalog } from "../../../services/catalog.ts";
import type { Cluster } from "../cluster.ts";
import { until } from "../cluster.ts";
import { underLoad } from "../load.ts";
import type { Forwarded } from "../port-forward.ts";
import { forwardPort } from "../port-forward.ts";
import { User } from "../user.ts";
import type { Drill, DrillContext } from "./drill.ts";
import { calm, deployments } from "./drill.ts";

/** A service without which clients are served all the same, but for its own pages. */
const VICTIM = "docs";
const SECONDS = 180;

/**
 * Prometheus, by its own chart, reads every pod of every service and of the gateway through the network policies, has taken all
 * alert rules, and raises the alert of a service that is gone.
 */
export const observability: Drill = async (context) => {
  const { cluster } = context;
  try {
    await context.deploy({ observability: "true", metricsStorage: "1Gi" });
    await calm(context);
    const prometheus = await forwardPort(cluster.namespace, "deployment/prometheus", 9090);
    try {
      const targets = await expectTargets(context, prometheus);
      const rules = await expectRules(prometheus);
      const series = await expectRequests(context, prometheus);
      const fired = await expectAlert(cluster, prometheus);
      return `${targets} pods read, ${rules} rules taken, requests of ${series} services counted; ${fired}`;
    } finally {
      prometheus.close();
    }
  } finally {
    await context.deploy({ observability: "false" });
  }
};

const answer = z.object({ status: z.literal("success"), data: z.unknown() });

/** What Prometheus' API answers. */
async function ask<Data>({ url }: Forwarded, path: string, data: z.ZodType<Data>): Promise<Data> {
  const response = await fetch(url + path);
  return data.parse(answer.parse(await response.json()).data);
}

const targets = z.object({
  activeTargets: z.array(
    z.object({ labels: z.object({ job: z.string() }), health: z.string(), lastError: z.string() }),
  ),
});

async function expectTargets(context: DrillContext, prometheus: Forwarded): Promise<number> {
  const jobs = deployments(context)
    .flatMap((job) => [job, job])
    .toSorted();
  let seen: z.infer<typeof targets>["activeTargets"] = [];
  const all = async () => {
    seen = (await ask(prometheus, "/api/v1/targets?state=active", targets)).activeTargets;
    const up = seen.filter(({ health }) => health === "up").map(({ labels }) => labels.job);
    return up.toSorted().join() === jobs.join();
  };
  await until("Prometheus reads two pods of everything", SECONDS, all).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${JSON.stringify(seen)}`);
  });
  return seen.length;
}

const rules = z.object({
  groups: z.array(z.object({ rules: z.array(z.object({ name: z.string(), health: z.string() })) })),
});

async function expectRules(prometheus: Forwarded): Promise<number> {
  const wanted = alertRules(catalog).groups.flatMap((group) => group.rules.map(({ alert }) => alert));
  await until("every rule has been evaluated without an error", SECONDS, async () => {
    const { groups } = await ask(prometheus, "/api/v1/rules?type=alert", rules);
    const good = groups.flatMap((group) => group.rules).filter(({ health }) => health === "ok");
    return (
      good
        .map(({ name }) => name)
        .toSorted()
        .join() === wanted.toSorted().join()
    );
  });
  return wanted.length;
}

const vector = z.object({ result: z.array(z.object({ metric: z.record(z.string(), z.string()) })) });

async function expectRequests({ outputs, services }: DrillContext, prometheus: Forwarded): Promise<number> {
  const query = encodeURIComponent("sum by (service) (rate(http_requests_total[1m])) > 0");
  const user = await User.signUp(outputs);
  await underLoad(outputs, async () => {
    await until("every service's requests are counted", SECONDS, async () => {
      await user.expect(200, { method: "GET", path: "/openapi.json" });
      const { result } = await ask(prometheus, `/api/v1/query?query=${query}`, vector);
      return services.every((name) => result.some(({ metric }) => metric["service"] === name));
    });
  });
  await user.close();
  return services.length;
}

const alerts = z.object({
  alerts: z.array(z.object({ labels: z.record(z.string(), z.string()), state: z.string() })),
});

/** A service without a pod is told of within minutes, and no more once it is back. */
async function expectAlert(cluster: Cluster, prometheus: Forwarded): Promise<string> {
  const firing = async () => {
    const { alerts: all } = await ask(prometheus, "/api/v1/alerts", alerts);
    return all.some(
      ({ labels, state }) =>
        labels["alertname"] === "NoReplicas" && labels["service"] === VICTIM && state === "firing",
    );
  };
  if (await firing()) throw new Error(`NoReplicas fires while ${VICTIM} has its pods`);
  await cluster.kubectl(["scale", "deployment", VICTIM, "--replicas=0"]);
  const fired = await until(`NoReplicas fires for ${VICTIM}`, SECONDS, firing).finally(() =>
    cluster.kubectl(["scale", "deployment", VICTIM, "--replicas=2"]),
  );
  await cluster.settle(VICTIM, 2);
  const ended = await until(`NoReplicas ends for ${VICTIM}`, SECONDS, async () => !(await firing()));
  return `NoReplicas fired ${fired.toFixed(0)} s after ${VICTIM} lost its pods and ended ${ended.toFixed(0)} s after it had them again`;
}
