import { setTimeout as sleep } from "node:timers/promises";
import { keepApart } from "../../tests/load/cores.ts";
import type { Arrivals, Outcome } from "../../tests/load/arrivals.ts";
import { goodput, timesOf } from "../../tests/load/arrivals.ts";
import { closedLoop, openLoop } from "../../tests/load/open-loop.ts";
import type { Target } from "../../tests/load/target.ts";
import { percent } from "../../tests/load/verdict.ts";
import { signIn } from "../sessions.ts";
import { quantile } from "../statistics.ts";
import { throughGateway } from "../targets.ts";
import { Trial } from "../../tests/support/trial.ts";
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
/** Of the requests, that must have been sent: with less, less was offered than is said. */
const SENT = 0.98;

/** Each request is one that a user makes; none waits for another. */
export const offeredLoad: Part = {
  name: "offered-load",
  what: "What is answered, and how fast, while up to ten times as much is asked as the platform can do",
  async run(stop) {
    await using trial = await Trial.start(["--limits", "off"], stop);
    const apart = keepApart(trial.state);
    const cookie = await signIn(trial.outputs);
    const reads = ["/authentication/whoami", "/products", "/orders"].map((path) =>
      throughGateway(trial, cookie, path),
    );
    const next = (turn: number) => reads[turn % reads.length] as Target;
    await closedLoop({ next, clients: CLIENTS, seconds: 2, stop });
    const capacity = await closedLoop({ next, clients: CLIENTS, seconds: SECONDS, stop });
    const steps: Step[] = [];
    for (const factor of FACTORS) {
      await sleep(1000 * PAUSE);
      const arrivals = await openLoop({ next, rate: factor * capacity, seconds: SECONDS, stop });
      steps.push({ factor, offered: factor * capacity, arrivals });
    }
    const best = Math.max(...steps.map(({ arrivals }) => goodput(arrivals)));
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
            "sent",
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
          value: (last === undefined ? 0 : goodput(last.arrivals)) / best,
          limit: { least: KEPT },
        },
        {
          what: "requests that were sent when they were due, of all, at least",
          value: Math.min(...steps.map(({ arrivals }) => arrivals.sent)),
          limit: { least: SENT },
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

function rowOf({ factor, offered, arrivals }: Step): (string | number)[] {
  const { sent, good, refused, others, seconds } = arrivals;
  const milliseconds = (outcomes: readonly Outcome[], part: number) =>
    outcomes.length === 0 ? "" : quantile(timesOf(outcomes), part).toFixed(0);
  return [
    ...[factor, offered.toFixed(0), percent(sent), goodput(arrivals).toFixed(0)],
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
        line("good", ({ arrivals }) => goodput(arrivals)),
        line("refused, 503", ({ arrivals: { refused, seconds } }) => refused.length / seconds),
      ],
    },
    {
      title: "How fast, from when a request was due",
      xLabel,
      yLabel: "ms",
      scale: "logarithmic",
      series: [
        line("good, p50", ({ arrivals: { good } }) => quantile(timesOf(good), 0.5)),
        line("good, p99", ({ arrivals: { good } }) => quantile(timesOf(good), 0.99)),
        line("refused, p99", ({ arrivals: { refused } }) => quantile(timesOf(refused), 0.99)),
      ],
    },
  ]);
}
