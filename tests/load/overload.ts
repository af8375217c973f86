import { setTimeout as sleep } from "node:timers/promises";
import { withPlatform } from "../support/any-platform.ts";
import type { TestOutputs } from "../support/outputs.ts";
import { keepApart } from "./cores.ts";
import { shopping } from "./mix.ts";
import type { Arrivals } from "./arrivals.ts";
import { goodput, timesOf } from "./arrivals.ts";
import { closedLoop, openLoop } from "./open-loop.ts";
import { complaintsOf, percent, percentile } from "./verdict.ts";

/**
 * `npm run overload [-- --outputs FILE]`: measures what a platform can do and then asks up to ten times as much, at a
 * steady rate from many sources, whatever it answers. Without outputs it starts a platform of its own, with limits off,
 * and keeps the services and the gateway on cores of their own, as pods have: the load shares the gateway's.
 */
const FACTORS = [1, 2, 5, 10];
const SECONDS = 6;
const CLIENTS = 48;
process.exitCode = await withPlatform(["--limits", "off"], overload);

async function overload(outputs: TestOutputs, state: string | undefined): Promise<number> {
  console.log(state === undefined ? "a platform that runs already" : keepApart(state));
  const next = await shopping(outputs);
  await closedLoop({ next, clients: CLIENTS, seconds: 2 });
  const capacity = await closedLoop({ next, clients: CLIENTS, seconds: SECONDS });
  console.log(`capacity: ${capacity.toFixed(0)} requests/s with ${CLIENTS} clients at once`);

  const runs: Arrivals[] = [];
  for (const factor of FACTORS) {
    await sleep(1000);
    const arrivals = await openLoop({ next, rate: factor * capacity, seconds: SECONDS });
    console.log(line(factor, factor * capacity, arrivals));
    runs.push(arrivals);
  }
  const complaints = complaintsOf(runs);
  console.log(complaints.length === 0 ? "it holds" : complaints.join("\n"));
  return complaints.length === 0 ? 0 : 1;
}

function line(factor: number, rate: number, arrivals: Arrivals): string {
  const { sent, good, refused, others, seconds } = arrivals;
  const told = (values: readonly number[]) =>
    `p50 ${percentile(values, 0.5).toFixed(0)} ms, p99 ${percentile(values, 0.99).toFixed(0)} ms`;
  const kinds = Object.entries(Object.groupBy(good, ({ kind }) => kind))
    .map(([kind, all = []]) => `${goodput({ good: all, seconds }).toFixed(0)} ${kind}`)
    .join(", ");
  const rest = [...others].map(([what, count]) => `${count} x ${what}`).join(", ");
  return (
    `${String(factor).padStart(2)} x: ${rate.toFixed(0)}/s asked (${percent(sent)} sent), ` +
    `${goodput(arrivals).toFixed(0)}/s good (${kinds}; ${told(timesOf(good))}), ` +
    `${(refused.length / seconds).toFixed(0)}/s refused (${told(timesOf(refused))}), others: ${rest === "" ? "none" : rest}`
  );
}
