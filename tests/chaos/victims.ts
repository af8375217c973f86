import { z } from "zod";
import { Cluster } from "../stack/cluster.ts";
import { isAlive, pidOf, processesOf } from "../support/processes.ts";

/** The processes or pods of a platform by kind: `orders`, `gateway`, `postgres`, and whatever else runs. */
export interface Victims {
  kinds(): Promise<string[]>;
  /** Kills one of a kind as a crash would, and gives how it is called. */
  kill(kind: string): Promise<string>;
}

/** The processes of a local platform, by SIGKILL. */
export function localVictims(state: string): Victims {
  const kindOf = (name: string) => name.replace(/-\d+$/, "");
  const names = () => [...processesOf(state).keys()];
  return {
    kinds: () => Promise.resolve([...new Set(names().map(kindOf))].sort()),
    kill(kind) {
      const alive = names().filter((name) => kindOf(name) === kind && isAlive(pidOf(name, state)));
      const name = first(alive, kind);
      process.kill(pidOf(name, state), "SIGKILL");
      return Promise.resolve(`kill -9 of ${name}`);
    },
  };
}

const NAME_LABEL = "app.kubernetes.io/name";
const podList = z.object({
  items: z.array(
    z.object({
      metadata: z.object({
        name: z.string(),
        labels: z.record(z.string(), z.string()).default({}),
        ownerReferences: z.array(z.object({ kind: z.string() })).default([]),
      }),
    }),
  ),
});

/** The pods of a namespace that somebody keeps running, deleted without a grace period. */
export function clusterVictims(namespace: string): Victims {
  const cluster = new Cluster(namespace);
  const pods = async () => {
    const text = await cluster.kubectl([
      "get",
      "pods",
      "--field-selector=status.phase=Running",
      "-o",
      "json",
    ]);
    return podList
      .parse(JSON.parse(text))
      .items.map(({ metadata }) => metadata)
      .filter(({ ownerReferences }) =>
        ownerReferences.some(({ kind }) => kind === "ReplicaSet" || kind === "StatefulSet"),
      );
  };
  const kindOf = ({ labels }: { labels: Record<string, string> }) => labels[NAME_LABEL] ?? "";
  return {
    kinds: async () => [...new Set((await pods()).map(kindOf))].filter((kind) => kind !== "").sort(),
    async kill(kind) {
      const name = first(
        (await pods()).filter((pod) => kindOf(pod) === kind).map((pod) => pod.name),
        kind,
      );
      await cluster.kubectl(["delete", "pod", name, "--grace-period=0", "--force", "--wait=false"]);
      return `pod ${name} deleted`;
    },
  };
}

function first(names: readonly string[], kind: string): string {
  const [name] = names;
  if (name === undefined) throw new Error(`nothing of the kind ${kind} runs`);
  return name;
}
