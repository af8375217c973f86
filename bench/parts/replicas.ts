import { Clients } from "../clients.ts";
import { signIn } from "../sessions.ts";
import { median, quantile } from "../statistics.ts";
import { throughGateway } from "../targets.ts";
import { Trial } from "../../tests/support/trial.ts";
import { renderChart } from "./chart.ts";
import type { Part } from "./part.ts";
import { table } from "./part.ts";

const REPLICAS = [1, 2, 3];
const ROUNDS = 5;
const SECONDS = 3;
const CLIENTS = 32;
/** Of the throughput with one replica, that more must keep: all share the machine's cores, so that they add little. */
const KEPT = 0.8;

export const replicas: Part = {
  name: "replicas",
  what: "Throughput of signed-in reads with 1, 2 and 3 processes of each service",
  async run(stop) {
    await using cleanup = new AsyncDisposableStack();
    const counts: Count[] = [];
    for (const count of REPLICAS) {
      const trial = cleanup.use(await Trial.start(["--limits", "off", "--replicas", String(count)], stop));
      const target = throughGateway(trial, await signIn(trial.outputs), "/products");
      counts.push({ count, clients: cleanup.use(new Clients(target, CLIENTS)), throughputs: [], p99s: [] });
    }
    for (const { clients } of counts) await clients.askFor(2, stop);
    for (let round = 0; round < ROUNDS; round++) {
      for (const { clients, throughputs, p99s } of counts) {
        const times = await clients.askFor(SECONDS, stop);
        throughputs.push(times.length / SECONDS);
        p99s.push(quantile(times, 0.99));
      }
    }
    const throughput = ({ throughputs }: Count) => median(throughputs);
    const [one, ...more] = counts.map(throughput);
    return {
      text: [
        `${CLIENTS} clients, medians of ${ROUNDS} rounds of ${SECONDS} s, the three platforms in turn. All processes, the`,
        "gateway, the database and the load share the machine's cores: what is seen here is what more processes cost, not",
        "what more machines give.",
        "",
        ...table(
          ["replicas", "requests/s", "p99 ms"],
          counts.map((one) => [one.count, throughput(one).toFixed(0), median(one.p99s).toFixed(0)]),
        ),
      ],
      goals: [
        {
          what: "the least throughput with more replicas / with one",
          value: Math.min(...more) / (one ?? 0),
          limit: { least: KEPT },
        },
      ],
      pictures: {
        "replicas.svg": renderChart("Throughput with 1, 2 and 3 replicas", [
          {
            title: "Signed-in reads through the gateway",
            xLabel: "processes of each service",
            yLabel: "requests/s",
            scale: "linear",
            series: [
              { name: "throughput", points: counts.map((one) => [one.count, throughput(one)] as const) },
            ],
          },
        ]),
      },
    };
  },
};

interface Count {
  readonly count: number;
  readonly clients: Clients;
  readonly throughputs: number[];
  readonly p99s: number[];
}
