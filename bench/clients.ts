import { Pool } from "undici";
import type { Target } from "../tests/load/target.ts";
import { dispatch } from "../tests/load/target.ts";

/** Some clients, each of whom asks again once the last request is answered, on a connection that is kept between runs. */
export class Clients implements AsyncDisposable {
  readonly #target: Target;
  readonly #count: number;
  readonly #pool: Pool;

  constructor(target: Target, count: number) {
    this.#target = target;
    this.#count = count;
    this.#pool = new Pool(target.origin, { connections: count, allowH2: false, connect: { ...target.tls } });
  }

  /**
   * Asks so many times, all clients together.
   * @throws Error where an answer is not what was asked for: a refusal is cheaper, and no measurement
   */
  async ask(times: number): Promise<void> {
    let left = times;
    await this.#askWhile(() => left-- > 0);
  }

  /** Asks for so many seconds. @returns milliseconds that each answer took */
  async askFor(seconds: number, stop: AbortSignal): Promise<number[]> {
    const end = performance.now() + 1000 * seconds;
    return this.#askWhile(() => {
      stop.throwIfAborted();
      return performance.now() < end;
    });
  }

  async #askWhile(goesOn: () => boolean): Promise<number[]> {
    const times: number[] = [];
    const client = async () => {
      while (goesOn()) {
        const start = performance.now();
        const { status } = await dispatch(this.#pool, this.#target);
        if (status < 200 || status > 299) throw new Error(`${this.#target.path} was answered ${status}`);
        times.push(performance.now() - start);
      }
    };
    await Promise.all(Array.from({ length: this.#count }, client));
    return times;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy();
  }
}
