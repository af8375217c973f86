import { defaultLimits } from "../../../gateway/limits.ts";
import { runBursts } from "../../limits/bursts.ts";
import { describeRun } from "../../limits/describe.ts";
import type { Cluster } from "../cluster.ts";
import { User } from "../user.ts";
import type { Drill } from "./drill.ts";
import { calm } from "./drill.ts";

const SECONDS = 40;
const MOST = 1.05;

/** Central limits hold for all gateway pods together, while one of them and the store's only pod are deleted. */
export const centralLimits: Drill = async (context) => {
  const { cluster, outputs, say } = context;
  const user = await User.signUp(outputs);
  await context.deploy({ limits: "central" });
  try {
    await calm(context);
    await cluster.settle("limit-store", 1);
    const figures = await runBursts({
      gateways: [outputs.gatewayUrl],
      ca: outputs.gatewayCa,
      path: "/orders",
      headers: { authorization: `Bearer ${user.accessToken}` },
      seconds: SECONDS,
      limit: defaultLimits,
      disturbances: [
        { name: "a gateway pod is deleted", at: 0.3, happen: () => deletePod(cluster, "gateway") },
        { name: "the store's pod is deleted", at: 0.6, happen: () => deletePod(cluster, "limit-store") },
      ],
      say,
    });
    const line = describeRun("Redis", figures);
    if (figures.worst > MOST || figures.used < 0.5) throw new Error(line);
    return line;
  } finally {
    await user.close();
    await context.deploy({ limits: "off" });
  }
};

async function deletePod(cluster: Cluster, deployment: string): Promise<void> {
  const [victim] = await cluster.readyPods(deployment);
  if (victim === undefined) throw new Error(`${deployment} has no ready pod to delete`);
  await cluster.kubectl(["delete", "pod", victim.name]);
}
