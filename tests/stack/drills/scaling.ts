import { until } from "../cluster.ts";
import { SteadyLoad } from "../load.ts";
import type { Drill, DrillContext } from "./drill.ts";
import { calm } from "./drill.ts";

const UP_SECONDS = 240;
const DOWN_SECONDS = 300;

/** Under load the pods go from 2 to 3, where the load is, and back to 2 after it. */
export const scaling: Drill = async (context) => {
  await context.deploy({ maxPods: "3" });
  try {
    return await scale(context);
  } finally {
    await context.deploy({ maxPods: "2" });
  }
};

async function scale(context: DrillContext): Promise<string> {
  await calm(context);
  const whoami = await loadUntilThree(context, "/authentication/whoami", ["gateway", "authentication"]);
  const orders = await loadUntilThree(context, "/orders", ["gateway", "authentication", "orders"]);
  const down = await until("all deployments are back to 2 pods", DOWN_SECONDS, async () => {
    const counts = ["gateway", "authentication", "orders"].map(async (name) => context.cluster.pods(name));
    return (await Promise.all(counts)).every((pods) => pods.length === 2);
  });
  await calm(context);
  return (
    `load on whoami: gateway and authentication 2 -> 3 in ${whoami.toFixed(0)} s; ` +
    `on orders: orders too in ${orders.toFixed(0)} s; back to 2 in ${down.toFixed(0)} s`
  );
}

async function loadUntilThree(
  { cluster, outputs, say }: DrillContext,
  path: string,
  grow: readonly string[],
): Promise<number> {
  const load = await SteadyLoad.start(outputs, { workers: 24, pause: 0, mix: [{ method: "GET", path }] });
  try {
    const seconds = await until(`${grow.join(" and ")} have 3 ready pods`, UP_SECONDS, async () => {
      const pods = await Promise.all(grow.map((name) => cluster.readyPods(name)));
      return pods.every(({ length }) => length === 3);
    });
    say(`load on ${path}: ${grow.join(", ")} at 3 pods after ${seconds.toFixed(0)} s`);
    return seconds;
  } finally {
    await load.stop();
  }
}
