import type { ConnectionOptions } from "node:tls";
import type { Dispatcher } from "undici";
import { Pool } from "undici";

/** What clients ask, and of whom. */
export interface Target {
  readonly origin: string;
  readonly path: string;
  readonly method?: "GET" | "POST";
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly tls: Pick<ConnectionOptions, "ca" | "cert" | "key" | "servername">;
}

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
        const status = await dispatch(this.#pool, this.#target);
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

/** Sends one request by undici's lowest layer, for the platform has to share the machine. @returns the answer's status */
export function dispatch(pool: Dispatcher, target: Target): Promise<number> {
  const { origin, path, method = "GET", headers, body = null } = target;
  return new Promise((resolve, reject) => {
    let status = 0;
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: () => undefined,
      onResponseStart: (_controller, statusCode) => (status = statusCode),
      onResponseData: () => undefined,
      onResponseEnd: () => resolve(status),
      onResponseError: (_controller, error) => reject(error),
    };
    pool.dispatch({ origin, path, method, headers, body }, handler);
  });
}
