import { setTimeout as sleep } from "node:timers/promises";
import { Agent } from "undici";
import type { Dispatcher } from "undici";
import { isLoopback } from "../support/client.ts";
import type { TestOutputs } from "../support/outputs.ts";
import { quantile } from "../support/quantile.ts";

export interface LoadRequest {
  /** What its answers are counted as. */
  readonly kind: string;
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
}

/** What became of the requests of one run, in requests and milliseconds. */
export interface Tally {
  /** The part of the requests due that was sent. */
  readonly sent: number;
  /** Requests answered with 2xx in each second: the goodput; and of each kind. */
  readonly good: number;
  readonly goodOfKind: ReadonlyMap<string, number>;
  readonly goodTimes: readonly number[];
  /** 429 and 503 that say when to come back. */
  readonly refused: number;
  readonly refusedTimes: readonly number[];
  /** Everything else by what it was, such as `502`, `503 without Retry-After` or `ECONNRESET`. */
  readonly others: ReadonlyMap<string, number>;
}

export interface LoadOptions {
  readonly outputs: TestOutputs;
  readonly seconds: number;
  /** The next request to send. */
  readonly next: (turn: number) => LoadRequest;
}

export interface OpenLoopOptions extends LoadOptions {
  /** Requests a second, whatever has been answered: as clients who do not know of each other come. */
  readonly rate: number;
}

/** Source addresses, where the gateway is on this machine, and connections from each. */
const SOURCES = 16;
const CONNECTIONS = 64;

/**
 * Sends requests at a steady rate and counts what becomes of them. It uses undici's lowest layer, for the platform has
 * to share the machine with it. Where all its connections wait for an answer, or it gets no time of the processor, what
 * is due is not sent, which the tally tells.
 */
export async function openLoop({ outputs, rate, seconds, next }: OpenLoopOptions): Promise<Tally> {
  const agents = Array.from({ length: SOURCES }, (_, index) => sourceAgent(outputs, index));
  // Handshakes, which cost more than requests, come first: clients keep their connections.
  const warmUp = agents.flatMap((agent) => Array.from({ length: CONNECTIONS }, () => agent));
  await Promise.all(
    warmUp.map((agent, turn) => dispatch(agent, outputs.gatewayUrl, next(turn), new Tallying())),
  );
  const tally = new Tallying();
  const open = new Set<Promise<void>>();
  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 1000;
  let sent = 0;
  let turn = 0;
  while (elapsed() < seconds) {
    for (const due = elapsed() * rate; turn < due; turn++) {
      if (open.size >= SOURCES * CONNECTIONS) continue;
      const answered = dispatch(agents[turn % SOURCES] as Agent, outputs.gatewayUrl, next(turn), tally);
      sent += 1;
      open.add(answered);
      void answered.then(() => void open.delete(answered));
    }
    await sleep(2);
  }
  const result = tally.result(elapsed());
  await Promise.all(open);
  await Promise.all(agents.map((agent) => agent.destroy()));
  return { ...result, others: tally.others, sent: Math.min(1, sent / (rate * seconds)) };
}

/** Some clients who each send the next request once the last is answered. @returns good answers a second */
export async function closedLoop(options: LoadOptions & { clients: number }): Promise<number> {
  const { outputs, seconds, next, clients } = options;
  const agent = sourceAgent(outputs, 0);
  const tally = new Tallying();
  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 1000;
  const client = async (_: unknown, index: number) => {
    for (let turn = index; elapsed() < seconds; turn++)
      await dispatch(agent, outputs.gatewayUrl, next(turn), tally);
  };
  await Promise.all(Array.from({ length: clients }, client));
  const { good } = tally.result(elapsed());
  await agent.destroy();
  return good;
}

function sourceAgent(outputs: TestOutputs, index: number): Agent {
  const local = isLoopback(outputs.gatewayUrl) && process.platform === "linux";
  return new Agent({
    connections: CONNECTIONS,
    allowH2: false,
    headersTimeout: 20_000,
    ...(local ? { localAddress: `127.77.0.${index + 2}` } : {}),
    connect: { ca: outputs.gatewayCa, ...(local ? { family: 4 } : {}) },
  });
}

class Tallying {
  readonly goodOfKind = new Map<string, number>();
  readonly goodTimes: number[] = [];
  readonly refusedTimes: number[] = [];
  readonly others = new Map<string, number>();

  count(kind: string, status: number, comesBack: boolean, time: number): void {
    if (status >= 200 && status < 300) {
      this.goodTimes.push(time);
      this.goodOfKind.set(kind, (this.goodOfKind.get(kind) ?? 0) + 1);
    } else if ((status === 429 || status === 503) && comesBack) this.refusedTimes.push(time);
    else this.other(`${kind} ${status}${status === 429 || status === 503 ? " without Retry-After" : ""}`);
  }

  other(what: string): void {
    this.others.set(what, (this.others.get(what) ?? 0) + 1);
  }

  /** What was answered within the seconds. */
  result(seconds: number): Omit<Tally, "sent"> {
    const { others } = this;
    const goodOfKind = new Map([...this.goodOfKind].map(([kind, count]) => [kind, count / seconds]));
    const [goodTimes, refusedTimes] = [[...this.goodTimes], [...this.refusedTimes]];
    const [good, refused] = [goodTimes.length / seconds, refusedTimes.length / seconds];
    return { good, goodOfKind, goodTimes, refused, refusedTimes, others };
  }
}

function dispatch(
  agent: Agent,
  origin: string,
  { kind, ...request }: LoadRequest,
  tally: Tallying,
): Promise<void> {
  const start = performance.now();
  return new Promise((resolve) => {
    let status = 0;
    let comesBack = false;
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: () => undefined,
      onResponseStart: (_controller, statusCode, headers) => {
        status = statusCode;
        comesBack = headers["retry-after"] !== undefined;
      },
      onResponseData: () => undefined,
      onResponseEnd: () => {
        tally.count(kind, status, comesBack, performance.now() - start);
        resolve();
      },
      onResponseError: (_controller, error) => {
        tally.other((error as NodeJS.ErrnoException).code ?? error.message);
        resolve();
      },
    };
    agent.dispatch({ origin, ...request }, handler);
  });
}

/** The value below which a part of the values is; 0 of none. */
export function percentile(values: readonly number[], part: number): number {
  return values.length === 0 ? 0 : quantile(values, part);
}
