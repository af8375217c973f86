import { latencies } from "../latencies.ts";
import { signIn } from "../sessions.ts";
import { median, quantile } from "../statistics.ts";
import { throughGateway } from "../targets.ts";
import { Trial } from "../../tests/support/trial.ts";
import type { Part } from "./part.ts";
import { table } from "./part.ts";

const ROUNDS = 5;
const SECONDS = 4;
/** Requests a second: well below what the platform can do, and no more buys in all than there is stock. */
const RATE = 30;

/** A buy is two services and a transaction in each; a read is one look-up. */
export const buy: Part = {
  name: "buy",
  what: "The p99 of a buy beside that of a read, both signed in and through the gateway",
  async run(stop) {
    await using trial = await Trial.start(["--limits", "off"], stop);
    const cookie = await signIn(trial.outputs);
    const read = throughGateway(trial, cookie, "/products");
    const purchase = throughGateway(trial, cookie, "/products/filter-paper/buy", "POST");
    await latencies({ next: () => read, rate: RATE, seconds: 2, stop });
    const p99s = { read: [] as number[], buy: [] as number[] };
    const medians = { read: [] as number[], buy: [] as number[] };
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, target] of [["read", read] as const, ["buy", purchase] as const]) {
        const times = await latencies({ next: () => target, rate: RATE, seconds: SECONDS, stop });
        p99s[name].push(quantile(times, 0.99));
        medians[name].push(median(times));
      }
    }
    const row = (name: "read" | "buy") => [
      name,
      median(medians[name]).toFixed(1),
      median(p99s[name]).toFixed(1),
    ];
    return {
      text: [
        `Medians of ${ROUNDS} rounds of ${SECONDS} s each, in turn, at ${RATE} requests a second whatever comes back.`,
        "",
        ...table(["request", "p50 ms", "p99 ms"], [row("read"), row("buy")]),
      ],
      goals: [
        { what: "p99 of a buy / of a read", value: median(p99s.buy) / median(p99s.read), limit: { most: 4 } },
      ],
    };
  },
};
