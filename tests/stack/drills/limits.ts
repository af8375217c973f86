import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Cluster } from "../cluster.ts";
import { User } from "../user.ts";
import type { Drill, DrillContext } from "./drill.ts";
import { calm } from "./drill.ts";

const RUNS = 10;
const AT_ONCE = 110;
const BURST = 40;
const PODS = 2;
const PATH = "/orders";
/** Milliseconds after which Traefik has forgotten a source at these limits, and its bucket is full again. */
const FORGOTTEN = 7_000;
/** Runs of which one pod got fewer than its bucket holds: chance, at which 80 cannot be reached. */
const MOST_UNEVEN = 3;

/** Two gateway pods with full buckets: of 110 requests at once 80 are accepted and 30 are told to wait. */
export const limitedRequests: Drill = async (context) => {
  const user = await User.signUp(context.outputs, AT_ONCE);
  await context.deploy({ limits: "per-gateway" });
  try {
    await calm(context);
    await expectExactLimits(context, user);
  } finally {
    await user.close();
    await context.deploy({ limits: "off" });
  }
  return `${AT_ONCE} at once at ${PODS} gateway pods: 80 accepted and 30 limited, ${RUNS} runs out of ${RUNS}`;
};

async function expectExactLimits({ cluster, say }: DrillContext, user: User): Promise<void> {
  for (let exact = 0, uneven = 0; exact < RUNS;) {
    await sleep(FORGOTTEN);
    const since = new Date().toISOString();
    const statuses = await Promise.all(
      Array.from({ length: AT_ONCE }, () => user.call({ method: "GET", path: PATH })),
    );
    const accepted = statuses.filter((status) => status === 200).length;
    const limited = statuses.filter((status) => status === 429).length;
    const perPod = await requestsPerPod(cluster, since);
    say(`${accepted} accepted, ${limited} told to wait (${perPod.join(" + ")} by pod)`);
    if (accepted === PODS * BURST && limited === AT_ONCE - accepted) exact += 1;
    else if (Math.min(...perPod) < BURST && uneven < MOST_UNEVEN) uneven += 1;
    else throw new Error(`expected 80 accepted and 30 limited, got ${accepted} and ${limited}`);
  }
}

const accessLine = z.object({ RequestPath: z.literal(PATH) });

/** How the requests since then were spread over the gateway's pods. */
async function requestsPerPod(cluster: Cluster, since: string): Promise<number[]> {
  // Access logs are written when the request is done, a moment after the client has its answer.
  await sleep(500);
  const pods = await cluster.readyPods("gateway");
  const logs = await Promise.all(
    pods.map(({ name }) => cluster.kubectl(["logs", name, `--since-time=${since}`])),
  );
  return logs.map(
    (log) => log.split("\n").filter((line) => accessLine.safeParse(parse(line)).success).length,
  );
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
