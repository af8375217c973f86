import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../cluster.ts";
import { expectNoFailure, underLoad } from "../load.ts";
import { User } from "../user.ts";
import type { Drill } from "./drill.ts";
import { calm } from "./drill.ts";

const SECONDS = 60;

/** `/orders/fail` breaks one pod: its container is restarted once, and nobody else notices. */
export const brokenPod: Drill = async (context) => {
  const { cluster, outputs } = context;
  await calm(context);
  const restarts = async () => (await cluster.pods("orders")).reduce((sum, pod) => sum + pod.restarts, 0);
  const before = await restarts();
  let seconds = 0;

  const result = await underLoad(outputs, async () => {
    const user = await User.signUp(outputs);
    await user.call({ method: "GET", path: "/orders/fail" });
    await user.close();
    seconds = await until(
      "a container of orders was restarted",
      SECONDS,
      async () => (await restarts()) > before,
    );
    await cluster.settle("orders", 2);
    // A second restart would come with the next three checks.
    await sleep(35_000);
  });
  const count = (await restarts()) - before;
  if (count !== 1) throw new Error(`expected exactly one restart of orders, saw ${count}`);
  const fared = expectNoFailure("beside the broken pod of orders", result);
  return `/orders/fail: 1 container restart after ${seconds.toFixed(0)} s, ${fared}`;
};
