import type { Agent } from "undici";
import { request } from "undici";

/** One read of a session, by the clock of this process. */
export interface Read {
  readonly sent: number;
  readonly answered: number;
  readonly status: number;
}

/** Reads a route again and again with one token, on connections of an agent. */
export class Readers {
  readonly reads: Read[] = [];
  readonly #read: () => Promise<Read>;
  #stopped = false;
  readonly #loops: Promise<void>[];

  /** @param loops how many ask, each as soon as it was answered */
  constructor(url: string, { agent, token, loops }: { agent: Agent; token: string; loops: number }) {
    this.#read = () => readOnce(url, agent, token);
    this.#loops = Array.from({ length: loops }, () => this.#loop());
  }

  /** What was let in of what was sent in some span of time. */
  letIn(from: number, to = Infinity): Read[] {
    return this.reads.filter(({ sent, status }) => status === 200 && sent > from && sent <= to);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }

  async #loop(): Promise<void> {
    while (!this.#stopped) this.reads.push(await this.#read());
  }
}

/** Reads a route once; a connection that ends counts as status 0. */
export async function readOnce(url: string, agent: Agent, token: string): Promise<Read> {
  const sent = performance.now();
  const headers = { authorization: `Bearer ${token}` };
  const status = await request(url, { dispatcher: agent, headers })
    .then(async ({ statusCode, body }) => {
      await body.dump();
      return statusCode;
    })
    .catch(() => 0);
  return { sent, answered: performance.now(), status };
}
