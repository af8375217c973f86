import { setTimeout as sleep } from "node:timers/promises";
import { withPlatform } from "../support/any-platform.ts";
import { User } from "../stack/user.ts";
import type { TestOutputs } from "../support/outputs.ts";
import { keepApart } from "./cores.ts";
import type { LoadRequest, Tally } from "./open-loop.ts";
import { closedLoop, openLoop, percentile } from "./open-loop.ts";

/**
 * `npm run overload [-- --outputs FILE]`: measures what a platform can do and then asks up to ten times as much, at a
 * steady rate from many sources, whatever it answers. Without outputs it starts a platform of its own, with limits off,
 * and keeps the services and the gateway on cores of their own, as pods have: the load shares the gateway's.
 */
const FACTORS = [1, 2, 5, 10];
const SECONDS = 6;
const CLIENTS = 48;
const USERS = 4;
const PATHS = ["/authentication/whoami", "/products", "/orders"];
/** The part of its best that a platform must still do when ten times as much is asked. */
const GOODPUT = 0.9;

process.exitCode = await withPlatform(["--limits", "off"], overload);

async function overload(outputs: TestOutputs, state: string | undefined): Promise<number> {
  console.log(state === undefined ? "a platform that runs already" : keepApart(state));
  const next = await signedInRequests(outputs);
  await closedLoop({ outputs, next, clients: CLIENTS, seconds: 2 });
  const capacity = await closedLoop({ outputs, next, clients: CLIENTS, seconds: SECONDS });
  console.log(`capacity: ${capacity.toFixed(0)} requests/s with ${CLIENTS} clients at once`);

  const tallies: Tally[] = [];
  for (const factor of FACTORS) {
    await sleep(1000);
    const tally = await openLoop({ outputs, next, rate: factor * capacity, seconds: SECONDS });
    console.log(line(factor, factor * capacity, tally));
    tallies.push(tally);
  }
  const best = Math.max(...tallies.map(({ good }) => good));
  const kept = (tallies.at(-1)?.good ?? 0) / best;
  const unclean = tallies.some(({ others }) => [...others.keys()].some((what) => what !== "not sent"));
  console.log(
    `at ${FACTORS.at(-1) ?? 0} times its capacity: ${(100 * kept).toFixed(0)} % of its best goodput ` +
      `(${(100 * GOODPUT).toFixed(0)} % wanted), ${unclean ? "and answers that no client can read as such" : "nothing but answers and refusals with Retry-After"}`,
  );
  return kept >= GOODPUT && !unclean ? 0 : 1;
}

async function signedInRequests(outputs: TestOutputs): Promise<(turn: number) => LoadRequest> {
  const cookies: string[] = [];
  for (let count = 0; count < USERS; count++) {
    const user = await User.signUp(outputs, 1);
    cookies.push(user.cookie);
    await user.close();
  }
  return (turn) => ({
    method: "GET",
    path: PATHS[turn % PATHS.length] ?? "",
    headers: { cookie: cookies[turn % USERS] ?? "" },
  });
}

function line(
  factor: number,
  rate: number,
  { good, goodTimes, refused, refusedTimes, others }: Tally,
): string {
  const times = (values: readonly number[]) =>
    `p50 ${percentile(values, 0.5).toFixed(0)} ms, p99 ${percentile(values, 0.99).toFixed(0)} ms`;
  const rest = [...others].map(([what, count]) => `${count} x ${what}`).join(", ");
  return (
    `${String(factor).padStart(2)} x: ${rate.toFixed(0)}/s asked, ${good.toFixed(0)}/s good (${times(goodTimes)}), ` +
    `${refused.toFixed(0)}/s refused (${times(refusedTimes)}), others: ${rest === "" ? "none" : rest}`
  );
}
