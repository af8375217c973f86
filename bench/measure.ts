import { cpuSeconds } from "./cpu.ts";
import type { Answers, Load } from "./load.ts";
import { load } from "./load.ts";
import type { Stage } from "./stage.ts";
import { median } from "./statistics.ts";
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

/**
 * Measures all candidates in turn, again and again, each round beginning with another one.
 * @throws Error that names the subject and the phase, where a request was answered with anything but 200
 */
export async function measure(
  candidates: readonly Candidate[],
  stage: Stage,
  plan: Plan,
  report: (line: string) => void,
): Promise<Map<string, Figures>> {
  for (const candidate of candidates) await loadOf(candidate, stage, "warm-up", { seconds: 1 });
  const rounds = new Map<string, Round[]>(candidates.map(({ subject }) => [subject.name, []]));
  for (let round = 1; round <= plan.rounds; round++) {
    report(`round ${round} of ${plan.rounds}`);
    for (let turn = 0; turn < candidates.length; turn++) {
      const candidate = candidates[(round + turn) % candidates.length];
      if (candidate === undefined) continue;
      rounds.get(candidate.subject.name)?.push(await measureOnce(candidate, stage, plan, `round ${round}`));
    }
  }
  return new Map([...rounds].map(([name, all]) => [name, figuresOf(all)]));
}

async function measureOnce(candidate: Candidate, stage: Stage, plan: Plan, round: string): Promise<Round> {
  const { seconds, rate } = plan;
  const { processes } = candidate.running;
  const handshakesBefore = await stage.handshakes();
  const before = cpuSeconds(processes);
  const free = await loadOf(candidate, stage, `${round}, as fast as answers come`, { seconds });
  const cpu = cpuSeconds(processes) - before;
  // One of them is the look itself.
  const shaken = (await stage.handshakes()) - handshakesBefore - 1;
  const paced =
    rate === undefined
      ? undefined
      : await loadOf(candidate, stage, `${round}, ${rate} requests a second`, { seconds, rate });
  return { free, cpu, handshakes: shaken, paced };
}

async function loadOf(candidate: Candidate, stage: Stage, phase: string, wanted: Load): Promise<Answers> {
  const { subject, running } = candidate;
  stage.stop.throwIfAborted();
  return load(running, stage.sessions.active, wanted).catch((error: unknown) => {
    const what = [
      `${subject.name}, ${phase}: ${(error as Error).message}`,
      ...stage.lastLinesOf(subject.name),
    ];
    throw new Error(what.join("\n"));
  });
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
