import type { SignedIn } from "../support/client.ts";
import { quantile } from "../support/quantile.ts";
import { each, hold } from "./attack.ts";
import type { Target } from "./target.ts";

/** How long requests took, in milliseconds, and what was not answered with 200. */
export interface Latencies {
  readonly times: readonly number[];
  readonly failures: readonly string[];
}

export const median = (values: readonly number[]) => quantile(values, 0.5);

const VICTIMS = 12;
/** Milliseconds between a victim's requests, slow enough never to meet the limits of a minute and their burst. */
const PAUSE = 250;
/** Requests of one victim in each measurement. */
const TURNS = 20;
const PATHS = ["/authentication/whoami", "/products", "/orders"] as const;

/** Bystanders who use the platform while it is attacked. */
export class Victims {
  readonly #users: readonly SignedIn[];

  private constructor(users: readonly SignedIn[]) {
    this.#users = users;
  }

  static async of(target: Target): Promise<Victims> {
    return new Victims(await each(Array.from({ length: VICTIMS }), () => target.signUp(), 2));
  }

  /** Asks as the victims do, all of them side by side, for some seconds. */
  async ask(paths: readonly string[] = PATHS, turns = TURNS): Promise<Latencies> {
    const times: number[] = [];
    const failures: string[] = [];
    const use = async ({ client }: SignedIn, index: number) => {
      for (let turn = index; turn < index + turns; turn++) {
        const path = paths[turn % paths.length] ?? "/orders";
        const start = performance.now();
        try {
          const { status } = await client.get(path);
          if (status !== 200) failures.push(`${path} ${status}`);
        } catch (error) {
          failures.push(`${path} ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
        }
        times.push(performance.now() - start);
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
    };
    await Promise.all(this.#users.map(use));
    return { times, failures };
  }
}

/**
 * None of the victims' requests may fail, nor become slow beyond what a busy machine explains.
 * @returns the p99 under attack beside the idle one
 */
export function holdServed(idle: Latencies, attacked: Latencies, bound = 3_000): string {
  const [before, under] = [idle, attacked].map(({ times }) => quantile(times, 0.99)) as [number, number];
  const { failures, times } = attacked;
  const failed = `${failures.length} of the victims' ${times.length} requests failed`;
  hold(failures.length === 0, `${failed}: ${[...new Set(failures)].slice(0, 4).join(", ")}`);
  const figure = `victims' p99 ${under.toFixed(0)} ms, idle ${before.toFixed(0)} ms; ${failed}`;
  hold(under <= Math.max(bound, 20 * before), figure);
  return figure;
}
