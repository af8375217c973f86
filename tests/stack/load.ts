import { setTimeout as sleep } from "node:timers/promises";
import type { TestOutputs } from "../support/outputs.ts";
import type { Call } from "./user.ts";
import { User } from "./user.ts";

export interface LoadResult {
  readonly requests: number;
  /** How many were sent again on a new connection, because the gateway had closed the kept one. */
  readonly resent: number;
  /** What went wrong, one line for each failed request. */
  readonly failures: readonly string[];
}

const get = (path: string): Call => ({ method: "GET", path });

/** Requests that between them need every service. */
const MIX: readonly Call[] = [
  get("/authentication/whoami"),
  get("/products"),
  get("/orders"),
  get("/products/admin"),
];

/** A few clients who ask for this and that, one request after the other, until they are told to stop. */
export class SteadyLoad {
  #stopped = false;
  #requests = 0;
  readonly #failures: string[] = [];
  readonly #workers: Promise<void>[];
  readonly #user: User;

  private constructor(user: User, workers: number, pause: number, mix: readonly Call[]) {
    this.#user = user;
    this.#workers = Array.from({ length: workers }, (_, index) => this.#work(mix, index, pause));
  }

  static async start(
    outputs: TestOutputs,
    { workers = 4, pause = 60, mix = MIX }: { workers?: number; pause?: number; mix?: readonly Call[] } = {},
  ): Promise<SteadyLoad> {
    const load = new SteadyLoad(await User.admin(outputs), workers, pause, mix);
    await sleep(1000);
    return load;
  }

  async stop(): Promise<LoadResult> {
    this.#stopped = true;
    await Promise.all(this.#workers);
    await this.#user.close();
    return { requests: this.#requests, resent: this.#user.resent, failures: this.#failures };
  }

  async #work(mix: readonly Call[], first: number, pause: number): Promise<void> {
    for (let turn = first; !this.#stopped; turn++) {
      const call = mix[turn % mix.length] as Call;
      const start = Date.now();
      const problem = await this.#user.call(call).then(
        (status) => (status === 200 ? undefined : `status ${status}`),
        (error: unknown) => String(error),
      );
      this.#requests += 1;
      if (problem !== undefined)
        this.#failures.push(`${call.method} ${call.path}: ${problem} after ${Date.now() - start} ms`);
      if (pause > 0) await sleep(pause);
    }
  }
}

/** Runs something under load and gives how the load fared. */
export async function underLoad(outputs: TestOutputs, action: () => Promise<void>): Promise<LoadResult> {
  const load = await SteadyLoad.start(outputs);
  const failed = await action().then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  await sleep(2000);
  const result = await load.stop();
  if (failed !== undefined) throw failed.error;
  return result;
}

/** Fails with the first failures, if there was any. */
export function expectNoFailure(what: string, { requests, resent, failures }: LoadResult): string {
  if (failures.length > 0)
    throw new Error(
      `${what}: ${failures.length} of ${requests} requests failed\n${failures.slice(0, 8).join("\n")}`,
    );
  return `0 of ${requests} requests failed, ${resent} sent again on a new connection`;
}
