import { setTimeout as sleep } from "node:timers/promises";
import { Agent } from "undici";
import { isLoopback } from "../support/client.ts";
import type { Arrivals } from "./arrivals.ts";
import { Counts, goodput } from "./arrivals.ts";
import type { Target } from "./target.ts";
import { dispatch } from "./target.ts";

export interface LoadOptions {
  readonly seconds: number;
  /** The next request to send; all go to one origin. */
  readonly next: (turn: number) => Target;
  /** Ends the run, which throws then. */
  readonly stop?: AbortSignal;
}

export interface OpenLoopOptions extends LoadOptions {
  /** Requests a second, whatever has been answered: as clients who do not know of each other come. */
  readonly rate: number;
  /** Connections from each source address. */
  readonly connections?: number;
}

/** Source addresses, where what is asked is on this machine. */
const SOURCES = 16;

/**
 * Sends requests at a steady rate and counts what becomes of them. Times count from when a request was due, so that one
 * that could not be sent in time is not made to look fast (coordinated omission). Where all connections wait for an
 * answer, or this process gets no time of the processor, what is due is not sent, which is told.
 */
export async function openLoop(options: OpenLoopOptions): Promise<Arrivals> {
  const { rate, seconds, next, stop, connections = 64 } = options;
  const agents = Array.from({ length: SOURCES }, (_, index) => sourceAgent(next(0), connections, index));
  const places = SOURCES * connections;
  // Handshakes, which cost more than requests, come first: clients keep their connections.
  await Promise.allSettled(
    Array.from({ length: places }, (_, turn) => dispatch(agents[turn % SOURCES] as Agent, next(turn))),
  );
  const counts = new Counts();
  const open = new Set<Promise<void>>();
  const start = performance.now();
  const send = async (turn: number) => {
    const target = next(turn);
    const due = start + (1000 * turn) / rate;
    await dispatch(agents[turn % SOURCES] as Agent, target).then(
      (answer) => counts.answered(target, answer, due),
      (error: unknown) => counts.failed(error),
    );
  };
  let sent = 0;
  for (let turn = 0; turn < rate * seconds;) {
    stop?.throwIfAborted();
    const due = Math.min(rate * seconds, ((performance.now() - start) / 1000) * rate);
    for (; turn < due; turn++) {
      if (open.size >= places) continue;
      sent += 1;
      const answered = send(turn);
      open.add(answered);
      void answered.then(() => open.delete(answered));
    }
    await sleep(1);
  }
  counts.open = false;
  await Promise.all(open);
  await Promise.all(agents.map((agent) => agent.destroy()));
  const { good, refused, others } = counts;
  return { seconds, sent: sent / Math.ceil(rate * seconds), good, refused, others };
}

/** Some clients who each send the next request once the last is answered. @returns good answers a second */
export async function closedLoop(options: LoadOptions & { clients: number }): Promise<number> {
  const { seconds, next, clients, stop } = options;
  const agent = sourceAgent(next(0), clients, 0);
  const counts = new Counts();
  const start = performance.now();
  const client = async (_: unknown, index: number) => {
    for (let turn = index; performance.now() - start < 1000 * seconds; turn++) {
      stop?.throwIfAborted();
      const target = next(turn);
      const sent = performance.now();
      counts.answered(target, await dispatch(agent, target), sent);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  await agent.destroy();
  return goodput({ good: counts.good, seconds: (performance.now() - start) / 1000 });
}

function sourceAgent({ origin, tls }: Target, connections: number, index: number): Agent {
  const local = isLoopback(origin) && process.platform === "linux";
  return new Agent({
    connections,
    allowH2: false,
    headersTimeout: 20_000,
    ...(local ? { localAddress: `127.77.0.${index + 2}` } : {}),
    connect: { ...tls, ...(local ? { family: 4 } : {}) },
  });
}
