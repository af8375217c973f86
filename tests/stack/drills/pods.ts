import { expectNoFailure, underLoad } from "../load.ts";
import type { Drill } from "./drill.ts";
import { calm, deployments } from "./drill.ts";

/** A pod of each Deployment in turn is deleted while clients go on: none of them sees a failure. */
export const deletedPods: Drill = async (context) => {
  const { cluster, outputs, say } = context;
  await calm(context);
  let requests = 0;
  for (const deployment of deployments(context)) {
    const result = await underLoad(outputs, async () => {
      const before = await cluster.readyPods(deployment);
      const [victim] = before;
      if (victim === undefined) throw new Error(`${deployment} has no ready pod to delete`);
      await cluster.kubectl(["delete", "pod", victim.name]);
      await cluster.settle(deployment, before.length);
    });
    requests += result.requests;
    say(`deleted a pod of ${deployment}: ${expectNoFailure(`without a pod of ${deployment}`, result)}`);
  }
  return `a pod of each of ${deployments(context).length} deployments deleted: 0 of ${requests} requests failed`;
};

/** Each Deployment is rolled while clients go on: none of them sees a failure. */
export const rollingUpdates: Drill = async (context) => {
  const { cluster, outputs, say } = context;
  await calm(context);
  let requests = 0;
  for (const deployment of deployments(context)) {
    const result = await underLoad(outputs, async () => {
      await cluster.kubectl(["rollout", "restart", `deployment/${deployment}`]);
      await cluster.kubectl(["rollout", "status", `deployment/${deployment}`, "--timeout=180s"]);
    });
    requests += result.requests;
    say(`rolled ${deployment}: ${expectNoFailure(`while ${deployment} rolled`, result)}`);
  }
  return `each of ${deployments(context).length} deployments rolled: 0 of ${requests} requests failed`;
};
