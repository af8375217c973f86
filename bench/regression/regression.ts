import { randomUUID } from "node:crypto";
import { signIn } from "../sessions.ts";
import type { Target } from "../../tests/load/target.ts";
import { Clients } from "../clients.ts";
import { cpuSeconds } from "../cpu.ts";
import { median } from "../statistics.ts";
import { behindGateway, throughGateway } from "../targets.ts";
import { Trial } from "../../tests/support/trial.ts";
import type { Pair } from "./pairs.ts";
import { judge } from "./pairs.ts";
import { baseOf, layOut } from "./revision.ts";

/** Seconds that measuring may take: what is left of two minutes once two platforms have started on a busy machine. */
const LONGEST = 60;
const CLIENTS = 8;

/** Something that a platform is asked to do. */
interface Work {
  readonly name: string;
  /** Requests of one measurement: about 0.4 s of CPU time. */
  readonly requests: number;
  readonly target: (trial: Trial, cookie: string) => Target;
}

const works: readonly Work[] = [
  {
    name: "a signed-in read through the gateway",
    requests: 250,
    target: (trial, cookie) => throughGateway(trial, cookie, "/products"),
  },
  {
    name: "a read of a service",
    requests: 800,
    target: (trial) => behindGateway(trial, "products", "/products", { "x-user-id": randomUUID() }),
  },
  {
    name: "a check of a token",
    requests: 800,
    target: (trial, cookie) => behindGateway(trial, "authentication", "/validate", { cookie }),
  },
];

/**
 * Measures this tree's platform beside that of an earlier commit, in turn.
 * @param against the commit; undefined for the one that {@link baseOf} finds
 * @returns the exit code: 1 where requests per CPU second fell by more than a fifth
 */
export async function findRegressions(against: string | undefined, stop: AbortSignal): Promise<number> {
  const revision = against ?? baseOf(".");
  if (revision === undefined)
    throw new Error("there is no earlier commit here: fetch more history, or name one with --against");
  using before = layOut(".", revision);
  console.log(`against ${before.name}`);
  await using cleanup = new AsyncDisposableStack();
  const flags = ["--limits", "off", "--replicas", "1", "--drills", "off"];
  const starts = await Promise.allSettled([
    Trial.start(flags, stop),
    Trial.start(flags, stop, { tree: before.folder }),
  ]);
  for (const start of starts) if (start.status === "fulfilled") cleanup.use(start.value);
  const platforms = starts.map((start) => {
    if (start.status === "rejected") throw start.reason;
    return start.value;
  });
  const pairs = await measurePairs(platforms as [Trial, Trial], stop);
  for (const [name, all] of pairs) console.log(line(name, all));
  return [...pairs.values()].some((all) => judge(all).fallen) ? 1 : 0;
}

/** Measures all work in both platforms, again and again, until each verdict is certain or the time is over. */
async function measurePairs(
  platforms: readonly [now: Trial, before: Trial],
  stop: AbortSignal,
): Promise<Map<string, Pair[]>> {
  await using cleanup = new AsyncDisposableStack();
  const cookies = await Promise.all(platforms.map(({ outputs }) => signIn(outputs)));
  const subjects = works.map(({ name, requests, target }) => {
    const sides = platforms.map((trial, index) => {
      const clients = cleanup.use(new Clients(target(trial, cookies[index] ?? ""), CLIENTS));
      return async () => {
        const start = cpuSeconds([trial.runner]);
        await clients.ask(requests);
        return (cpuSeconds([trial.runner]) - start) / requests;
      };
    });
    // Both at once: so whatever else happens on the machine happens to both.
    const measure = async (): Promise<Pair> => {
      stop.throwIfAborted();
      const [now = Number.NaN, before = Number.NaN] = await Promise.all(sides.map((side) => side()));
      return { now, before };
    };
    return { name, measure, pairs: [] as Pair[] };
  });
  for (const { measure } of subjects) await measure();
  const end = performance.now() + 1000 * LONGEST;
  const open = () => subjects.filter(({ pairs }) => !judge(pairs).certain);
  while (performance.now() < end && open().length > 0)
    for (const { pairs, measure } of open()) pairs.push(await measure());
  return new Map(subjects.map(({ name, pairs }) => [name, pairs]));
}

function line(name: string, pairs: readonly Pair[]): string {
  const { ratio, interval, fallen } = judge(pairs);
  const [low = "", high = ""] = interval.map((bound) => bound.toFixed(2));
  const microseconds = 1e6 * median(pairs.map(({ now }) => now));
  return (
    `${fallen ? "FELL" : "ok  "}  ${name}, ${microseconds.toFixed(0)} µs of CPU time: ${ratio.toFixed(2)} times as many ` +
    `a CPU second as before (${low} to ${high}; ${pairs.length} pairs)`
  );
}
