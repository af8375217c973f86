import { setTimeout as sleep } from "node:timers/promises";
import type { SignedIn } from "../support/client.ts";
import { quantile } from "../support/quantile.ts";
import { each, hold } from "./attack.ts";
import type { Target } from "./target.ts";

/** How long requests took, in milliseconds, and what was not answered with 200. */
export interface Latencies {
  readonly times: readonly number[];
  readonly failures: readonly string[];
  /** Requests that found no room, and came again when they were told to. */
  readonly again: number;
}

export const median = (values: readonly number[]) => quantile(values, 0.5);

const VICTIMS = 12;
/** Milliseconds between a victim's requests, slow enough never to meet the limits of a minute and their burst. */
const PAUSE = 250;
/** Requests of one victim in each measurement. */
const TURNS = 20;
/** Of a victim's requests, that may have to come again. */
const MAY_COME_AGAIN = 0.1;
const PATHS = ["/authentication/whoami", "/products", "/orders"] as const;

/** Bystanders who use the platform while it is attacked. */
export class Victims {
  readonly #users: readonly SignedIn[];
  /** Whether the gateway can tell them from the attacker: one without an address of its own shares the attacker's room. */
  readonly #apart: boolean;

  private constructor(users: readonly SignedIn[], apart: boolean) {
    this.#users = users;
    this.#apart = apart;
  }

  static async of(target: Target): Promise<Victims> {
    const users = await each(Array.from({ length: VICTIMS }), () => target.signUp(), 2);
    return new Victims(users, target.addresses);
  }

  /** Asks as the victims do, all of them side by side, for some seconds. */
  async ask(paths: readonly string[] = PATHS, turns = TURNS): Promise<Latencies> {
    const times: number[] = [];
    const failures: string[] = [];
    let again = 0;
    const use = async ({ client }: SignedIn, index: number) => {
      for (let turn = index; turn < index + turns; turn++) {
        const path = paths[turn % paths.length] ?? "/orders";
        const start = performance.now();
        try {
          let answer = await client.get(path);
          const pause = answer.headers["retry-after"];
          if (answer.status === 503 && !this.#apart && pause !== undefined) {
            again += 1;
            await sleep(1000 * Number(pause));
            answer = await client.get(path);
          }
          if (answer.status !== 200) failures.push(`${path} ${answer.status}`);
        } catch (error) {
          failures.push(`${path} ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
        }
        times.push(performance.now() - start);
        await sleep(PAUSE);
      }
    };
    await Promise.all(this.#users.map(use));
    return { times, failures, again };
  }
}

/**
 * None of the victims' requests may fail, nor become slow beyond what a busy machine explains.
 * @returns the p99 under attack beside the idle one
 */
export function holdServed(idle: Latencies, attacked: Latencies, bound = 3_000): string {
  const [before, under] = [idle, attacked].map(({ times }) => quantile(times, 0.99)) as [number, number];
  const { failures, times, again } = attacked;
  const failed = `${failures.length} of the victims' ${times.length} requests failed`;
  hold(failures.length === 0, `${failed}: ${[...new Set(failures)].slice(0, 4).join(", ")}`);
  const returned = again === 0 ? "" : `, ${again} had to come again`;
  const figure = `victims' p99 ${under.toFixed(0)} ms, idle ${before.toFixed(0)} ms; ${failed}${returned}`;
  hold(again <= MAY_COME_AGAIN * times.length, figure);
  hold(under <= Math.max(bound, 20 * before), figure);
  return figure;
}
