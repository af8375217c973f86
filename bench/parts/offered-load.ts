import { setTimeout as sleep } from "node:timers/promises";
import { keepApart } from "../../tests/load/cores.ts";
import type { Target } from "../clients.ts";
import { Clients } from "../clients.ts";
import type { Arrivals } from "../open-loop.ts";
import { openLoop } from "../open-loop.ts";
import { signIn } from "../sessions.ts";
import { quantile } from "../statistics.ts";
import { throughGateway } from "../targets.ts";
import { Trial } from "../trial.ts";
import { renderChart } from "./chart.ts";
import type { Part } from "./part.ts";
import { table } from "./part.ts";

const FACTORS = [0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 7, 10];
const SECONDS = 5;
/** Seconds in which connections that a step has opened go again. */
const PAUSE = 1;
const CLIENTS = 48;
/** Of the best goodput, that must be left at ten times the capacity. */
const KEPT = 0.8;
/** Of the requests, that may not have been sent: more, and less was offered than is said. */
const NOT_SENT = 0.02;

/** Each request is one that a user makes; none waits for another. */
export const offeredLoad: Part = {
  name: "offered-load",
  what: "What is answered, and how fast, while up to ten times as much is asked as the platform can do",
  async run(stop) {
    await using trial = await Trial.start(["--limits", "off"], stop);
    const apart = keepApart(trial.state);
    const cookie = await signIn(trial.outputs);
    const targets: [Target, ...Target[]] = [
      throughGateway(trial, cookie, "/authentication/whoami"),
      throughGateway(trial, cookie, "/products"),
      throughGateway(trial, cookie, "/orders"),
    ];
    const capacity = await capacityOf(targets, stop);
    const steps: Step[] = [];
    for (const factor of FACTORS) {
      await sleep(1000 * PAUSE);
      const arrivals = await openLoop(targets, { rate: factor * capacity, seconds: SECONDS }, stop);
      steps.push({ factor, offered: factor * capacity, arrivals });
    }
    const best = Math.max(...steps.map(goodput));
    const last = steps.at(-1);
    return {
      text: [
        `Signed-in reads of three services, ${SECONDS} s at each rate; ${apart}.`,
        `Capacity, with ${CLIENTS} clients who wait for their answers: ${capacity.toFixed(0)} requests a second.`,
        "",
        ...table(
          [
            "offered / capacity",
            "offered /s",
            "good /s",
            "p50 ms",
            "p99 ms",
            "refused /s",
            "p99 ms",
            "others",
          ],
          steps.map(rowOf),
        ),
      ],
      goals: [
        {
          what: "goodput at ten times the capacity / the best",
          value: (last === undefined ? 0 : goodput(last)) / best,
          limit: { least: KEPT },
        },
        {
          what: "requests that were not sent when they were due, of all, at most",
          value: Math.max(...steps.map(notSent)),
          limit: { most: NOT_SENT },
        },
      ],
      pictures: { "offered-load.svg": picture(steps) },
    };
  },
};

interface Step {
  readonly factor: number;
  readonly offered: number;
  readonly arrivals: Arrivals;
}

async function capacityOf(targets: readonly Target[], stop: AbortSignal): Promise<number> {
  await using cleanup = new AsyncDisposableStack();
  const groups = targets.map((target) => cleanup.use(new Clients(target, CLIENTS / targets.length)));
  await Promise.all(groups.map((clients) => clients.askFor(2, stop)));
  const answers = await Promise.all(groups.map((clients) => clients.askFor(SECONDS, stop)));
  return answers.flat().length / SECONDS;
}

const goodput = ({ arrivals: { good, seconds } }: Step) => good.length / seconds;
const notSent = ({ offered, arrivals: { others, seconds } }: Step) =>
  (others.get("not sent") ?? 0) / (offered * seconds);

function rowOf(step: Step): (string | number)[] {
  const { factor, offered, arrivals } = step;
  const { good, refused, others, seconds } = arrivals;
  const milliseconds = (values: readonly number[], part: number) =>
    values.length === 0 ? "" : quantile(values, part).toFixed(0);
  return [
    ...[factor, offered.toFixed(0), goodput(step).toFixed(0)],
    ...[milliseconds(good, 0.5), milliseconds(good, 0.99)],
    ...[(refused.length / seconds).toFixed(0), milliseconds(refused, 0.99)],
    [...others].map(([what, count]) => `${count} x ${what}`).join(", "),
  ];
}

function picture(steps: readonly Step[]): string {
  const line = (name: string, of: (step: Step) => number) => {
    const points = steps.map((step) => [step.factor, of(step)] as const);
    return { name, points: points.filter(([, value]) => !Number.isNaN(value)) };
  };
  const xLabel = "offered load, in times of what the platform can do";
  return renderChart("Goodput and latency against offered load", [
    {
      title: "What is answered",
      xLabel,
      yLabel: "requests/s",
      scale: "linear",
      series: [
        line("good", goodput),
        line("refused, 503", ({ arrivals: { refused, seconds } }) => refused.length / seconds),
      ],
    },
    {
      title: "How fast, from when a request was due",
      xLabel,
      yLabel: "ms",
      scale: "logarithmic",
      series: [
        line("good, p50", ({ arrivals: { good } }) => quantile(good, 0.5)),
        line("good, p99", ({ arrivals: { good } }) => quantile(good, 0.99)),
        line("refused, p99", ({ arrivals: { refused } }) => quantile(refused, 0.99)),
      ],
    },
  ]);
}
