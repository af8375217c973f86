import { setTimeout as sleep } from "node:timers/promises";
import { withPlatform } from "../support/any-platform.ts";
import type { TestOutputs } from "../support/outputs.ts";
import type { TrafficResult } from "./traffic.ts";
import { Traffic } from "./traffic.ts";
import type { Victims } from "./victims.ts";
import { clusterVictims, localVictims } from "./victims.ts";

/**
 * `npm run chaos [-- --outputs FILE]`: kills one of each kind of process in turn while clients read and buy, and prints
 * one line a kind: failed requests, recovery, and whether each accepted buy is exactly one order. Outputs of a stack
 * have a namespace, whose pods are deleted; without outputs it starts a local platform of its own.
 */
process.exitCode = await withPlatform(["--limits", "off"], async (outputs, state) => {
  if (outputs.limits !== "off") throw new Error("chaos needs a platform whose limits are off");
  const victims = state === undefined ? clusterVictims(namespaceOf(outputs)) : localVictims(state);
  let unwell = 0;
  for (const kind of await victims.kinds()) {
    if (!(await endures(kind, outputs, victims))) unwell += 1;
  }
  console.log(unwell === 0 ? "nothing lost, nothing twice" : `${unwell} kinds did not hold`);
  return unwell === 0 ? 0 : 1;
});

/** Kills one of a kind under traffic and prints what came of it. */
async function endures(kind: string, outputs: TestOutputs, victims: Victims): Promise<boolean> {
  const traffic = await Traffic.start(outputs);
  await sleep(1_000);
  const since = Date.now();
  const what = await victims.kill(kind);
  await traffic.calm(3);
  const result = await traffic.stop(since);
  console.log(`${what.padEnd(30)} ${figures(result)}`);
  return result.broken.length === 0;
}

function figures({ requests, failures, recovery, accepted, broken }: TrafficResult): string {
  const failed = [...failures.values()].reduce((sum, count) => sum + count, 0);
  const kinds = [...failures].map(([what, count]) => `${count} x ${what}`).join(", ");
  return (
    `${failed} of ${requests} requests failed${kinds === "" ? "" : ` (${kinds})`}, well after ${recovery.toFixed(1)} s, ` +
    `${accepted} buys accepted, ${broken.length === 0 ? "each one order" : broken.join("; ")}`
  );
}

function namespaceOf(outputs: TestOutputs): string {
  const namespace = "namespace" in outputs ? outputs.namespace : undefined;
  if (typeof namespace !== "string")
    throw new Error("the outputs have no namespace: leave --outputs away for a local platform");
  return namespace;
}
