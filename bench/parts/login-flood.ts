import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import { ownMemory } from "../../tests/attack/listeners.ts";
import type { Target } from "../../tests/load/target.ts";
import { dispatch } from "../../tests/load/target.ts";
import { latencies } from "../latencies.ts";
import { signIn } from "../sessions.ts";
import { median, quantile } from "../statistics.ts";
import { behindGateway } from "../targets.ts";
import { Trial } from "../../tests/support/trial.ts";
import type { Part } from "./part.ts";
import { table } from "./part.ts";

const ROUNDS = 5;
const SECONDS = 6;
/** Checks a second. */
const RATE = 100;
/** Milliseconds in which the flood opens its connections. */
const OPENING = 1_000;
/** Logins at once, all of which the service lets wait; the next comes when one is answered. */
const ATTACKERS = 50;

/** Wrong passwords for accounts that do not exist, from ever other places: no throttle ends what they cost. */
export const loginFlood: Part = {
  name: "login-flood",
  what: "The check of tokens, and the memory of the process that answers it, during a flood of logins",
  async run(stop) {
    await using trial = await Trial.start(["--limits", "off", "--replicas", "1"], stop);
    const check = behindGateway(trial, "authentication", "/validate", {
      cookie: await signIn(trial.outputs),
    });
    const measure = async () => {
      const times = await latencies({ next: () => check, rate: RATE, seconds: SECONDS, stop });
      return { p50: median(times), p99: quantile(times, 0.99) };
    };
    await measure();
    const idle: Times[] = [];
    const flooded: Times[] = [];
    using memory = new HighestMemory(trial.pid("authentication-1"));
    const answers = new Map<number, number>();
    for (let round = 0; round < ROUNDS; round++) {
      idle.push(await measure());
      const flood = new AbortController();
      const flooding = sendLogins(
        behindGateway(trial, "authentication", "/authentication/login", {}),
        answers,
        flood.signal,
      );
      // Its handshakes are past: here they would take the time of the processor that measures.
      await sleep(OPENING);
      flooded.push(await measure().finally(() => flood.abort()));
      await flooding;
    }
    const of = (times: readonly Times[], figure: keyof Times) => median(times.map((one) => one[figure]));
    const row = (name: string, times: readonly Times[]) => [
      name,
      of(times, "p50").toFixed(1),
      of(times, "p99").toFixed(1),
    ];
    const logins = [...answers].map(([status, count]) => `${count} x ${status}`).join(", ");
    return {
      text: [
        `Medians of ${ROUNDS} rounds of ${SECONDS} s each, in turn, at ${RATE} checks a second whatever comes back.`,
        `${ATTACKERS} logins at once; what they were answered: ${logins}.`,
        "",
        ...table(["`/validate`", "p50 ms", "p99 ms"], [row("idle", idle), row("during the flood", flooded)]),
      ],
      goals: [
        {
          what: "p99 during the flood / idle",
          value: of(flooded, "p99") / of(idle, "p99"),
          limit: { most: 1.5 },
        },
        { what: "memory of the process's own at most, MiB", value: memory.mebibytes, limit: { most: 128 } },
      ],
    };
  },
};

interface Times {
  readonly p50: number;
  readonly p99: number;
}

async function sendLogins(target: Target, answers: Map<number, number>, stop: AbortSignal): Promise<void> {
  const pool = new Pool(target.origin, {
    connections: ATTACKERS,
    allowH2: false,
    connect: { ...target.tls },
  });
  let turn = 0;
  const attacker = async () => {
    while (!stop.aborted) {
      turn += 1;
      const source = `198.18.${Math.floor(turn / 250) % 250}.${turn % 250}`;
      const headers = { "content-type": "application/json", "x-forwarded-for": source };
      const body = JSON.stringify({ username: `nobody-${turn}`, password: "correct horse battery" });
      const { status } = await dispatch(pool, { ...target, method: "POST", headers, body });
      answers.set(status, (answers.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: ATTACKERS }, attacker));
  await pool.destroy();
}

/** Looks again and again at how much memory of its own a process has: programs and libraries are shared. */
class HighestMemory implements Disposable {
  readonly #timer: NodeJS.Timeout;
  mebibytes = 0;

  constructor(pid: number) {
    this.#timer = setInterval(() => {
      this.mebibytes = Math.max(this.mebibytes, ownMemory(pid));
    }, 100);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
