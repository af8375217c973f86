import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { RunOptions } from "./process.ts";
import { run } from "./process.ts";

const podList = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), deletionTimestamp: z.string().optional() }),
      status: z.object({
        conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
        containerStatuses: z.array(z.object({ restartCount: z.number() })).default([]),
      }),
    }),
  ),
});

export interface Pod {
  readonly name: string;
  readonly ready: boolean;
  readonly restarts: number;
}

/** The platform's namespace of a cluster, through kubectl and its current context. */
export class Cluster {
  readonly namespace: string;

  constructor(namespace: string) {
    this.namespace = namespace;
  }

  kubectl(args: readonly string[], options?: RunOptions): Promise<string> {
    return run("kubectl", ["--namespace", this.namespace, ...args], options);
  }

  /** The pods of a Deployment that are not on their way out. */
  async pods(deployment: string): Promise<Pod[]> {
    const selector = `app.kubernetes.io/name=${deployment}`;
    const list = podList.parse(JSON.parse(await this.kubectl(["get", "pods", "-l", selector, "-o", "json"])));
    return list.items
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(({ metadata, status }) => ({
        name: metadata.name,
        ready: status.conditions.some(({ type, status: state }) => type === "Ready" && state === "True"),
        restarts: status.containerStatuses.reduce((sum, { restartCount }) => sum + restartCount, 0),
      }));
  }

  async readyPods(deployment: string): Promise<Pod[]> {
    return (await this.pods(deployment)).filter(({ ready }) => ready);
  }

  /** Waits until a Deployment has a number of pods, all of them ready and no other one left. */
  async settle(deployment: string, count: number, seconds = 180): Promise<void> {
    await until(`${deployment} has ${count} ready pods`, seconds, async () => {
      const pods = await this.pods(deployment);
      return pods.length === count && pods.every(({ ready }) => ready);
    });
  }

  /** Runs a script of Node in a pod of a Deployment. */
  node(deployment: string, script: string, input = ""): Promise<string> {
    const target = deployment.includes("/") ? deployment : `deployment/${deployment}`;
    return this.kubectl(["exec", "-i", target, "--", "node", "--input-type=module", "-e", script], { input });
  }
}

/**
 * Asks again every second until the answer is yes.
 * @returns the seconds that it took
 */
export async function until(what: string, seconds: number, ask: () => Promise<boolean>): Promise<number> {
  const start = Date.now();
  while (!(await ask())) {
    if (Date.now() - start > seconds * 1000)
      throw new Error(`after ${seconds} s it is still not so that ${what}`);
    await sleep(1000);
  }
  return (Date.now() - start) / 1000;
}
