import { cpuSeconds } from "./cpu.ts";
import { handshakes } from "./handshakes.ts";
import type { Answers } from "./load.ts";
import { load } from "./load.ts";
import type { Stage } from "./stage.ts";
import type { RunningSubject, Subject } from "./subject.ts";

/** One subject, running. */
export interface Candidate {
  readonly subject: Subject;
  readonly running: RunningSubject;
}

export interface Plan {
  readonly rounds: number;
  /** Of each measurement. */
  readonly seconds: number;
  /** Requests per second, the same for all, at which latency is measured; undefined where it is not. */
  readonly rate: number | undefined;
}

/** Medians over the rounds. */
export interface Figures {
  /** Requests answered per second, as fast as answers come. */
  readonly throughput: number;
  /** Requests answered per second of CPU time of the subject and all that it needs. */
  readonly perCpuSecond: number;
  /** TLS handshakes of the authentication service for 1,000 requests. */
  readonly handshakes: number;
  /** Milliseconds at the plan's rate. */
  readonly p50: number;
  readonly p99: number;
  /** Smallest and largest `perCpuSecond` of a round. */
  readonly spread: readonly [number, number];
}

interface Round {
  readonly free: Answers;
  readonly cpu: number;
  readonly handshakes: number;
  readonly paced: Answers | undefined;
}

/** Measures all candidates in turn, again and again, each round beginning with another one. */
export async function measure(
  candidates: readonly Candidate[],
  stage: Stage,
  plan: Plan,
  report: (line: string) => void,
): Promise<Map<string, Figures>> {
  for (const { running } of candidates) await load(running, stage.sessions.active, { seconds: 1 });
  const rounds = new Map<string, Round[]>(candidates.map(({ subject }) => [subject.name, []]));
  for (let round = 0; round < plan.rounds; round++) {
    report(`round ${round + 1} of ${plan.rounds}`);
    for (let turn = 0; turn < candidates.length; turn++) {
      const candidate = candidates[(round + turn) % candidates.length];
      if (candidate === undefined) continue;
      rounds.get(candidate.subject.name)?.push(await measureOnce(candidate.running, stage, plan));
    }
  }
  return new Map([...rounds].map(([name, all]) => [name, figuresOf(all)]));
}

async function measureOnce(running: RunningSubject, stage: Stage, plan: Plan): Promise<Round> {
  const { seconds, rate } = plan;
  const cookie = stage.sessions.active;
  const handshakesBefore = await handshakes(stage);
  const before = cpuSeconds(running.processes);
  const free = await load(running, cookie, { seconds });
  const cpu = cpuSeconds(running.processes) - before;
  // One of them is the look itself.
  const shaken = (await handshakes(stage)) - handshakesBefore - 1;
  const paced = rate === undefined ? undefined : await load(running, cookie, { seconds, rate });
  return { free, cpu, handshakes: shaken, paced };
}

function figuresOf(rounds: readonly Round[]): Figures {
  const perCpuSecond = rounds.map(({ free, cpu }) => free.requests / cpu);
  const of = (figure: (round: Round) => number) => median(rounds.map(figure));
  return {
    throughput: of(({ free }) => free.requests / free.seconds),
    perCpuSecond: median(perCpuSecond),
    handshakes: of(({ free, handshakes }) => (1000 * handshakes) / free.requests),
    p50: of(({ paced }) => paced?.p50 ?? Number.NaN),
    p99: of(({ paced }) => paced?.p99 ?? Number.NaN),
    spread: [Math.min(...perCpuSecond), Math.max(...perCpuSecond)],
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
