import type { ChildProcess } from "node:child_process";
import type { Agent } from "node:https";
import { request } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { HOST } from "./ports.ts";
import { exitOf, startProcess, stopProcess } from "./processes.ts";
import type { Endpoint } from "./service-address.ts";
import type { StateFolder } from "./state.ts";
import { waitFor } from "./wait.ts";

/** The kubelet's numbers in the cluster: liveness every 10 s, a restart after three failures in a row. */
const LIVENESS_INTERVAL = 10_000;
const LIVENESS_FAILURES = 3;
const READINESS_INTERVAL = 1_000;
const CHECK_TIMEOUT = 5_000;
/** The pause before a crashed process starts again doubles up to this. */
const MAX_BACKOFF = 10_000;

export interface ReplicaOptions {
  /** `orders-1`. */
  readonly name: string;
  readonly service: string;
  readonly port: number;
  /** Path of the bundle. */
  readonly program: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly folder: StateFolder;
  /** Trusts the platform's CA. */
  readonly agent: Agent;
  /** Told what happens to it, one line each. */
  readonly report: (line: string) => void;
}

/** One process of a service, kept alive: restarted when it ends by itself or fails its health checks. */
export class Replica implements Endpoint {
  readonly port: number;
  ready = false;
  readonly #options: ReplicaOptions;
  readonly #stopped = new AbortController();
  #child: ChildProcess | undefined;
  #restarts = 0;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.port = options.port;
  }

  /** Starts the process and resolves once it is ready. @throws Error where it ends before */
  async start(): Promise<void> {
    const exit = this.#spawn();
    const ended = exit.then((how) => {
      throw new Error(`${this.#options.name} ended before it was ready (${how}); see ${this.#log}`);
    });
    ended.catch(() => undefined);
    const ready = waitFor(`${this.#options.name} getting ready`, 30_000, () =>
      this.#answers("/health/ready"),
    );
    await Promise.race([ready, ended]);
    this.ready = true;
    void this.#restartWhenEnded(exit);
    void this.#watchReadiness();
    void this.#watchLiveness();
  }

  /** Lets the process finish what it does, and starts no other. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.ready = false;
    if (this.#child !== undefined) await stopProcess(this.#child, "SIGTERM");
  }

  get #log(): string {
    return this.#options.folder.file(`logs/${this.#options.name}.log`);
  }

  #spawn(): Promise<string> {
    const { name, program, environment, folder } = this.#options;
    const child = startProcess(process.execPath, ["--enable-source-maps", program], {
      log: this.#log,
      env: environment,
    });
    folder.register(name, child.pid, "SIGTERM");
    this.#child = child;
    return exitOf(child);
  }

  async #restartWhenEnded(firstExit: Promise<string>): Promise<void> {
    let exit = firstExit;
    let backoff = 0;
    for (;;) {
      const started = Date.now();
      const how = await exit;
      this.ready = false;
      if (this.#stopped.signal.aborted) return;
      this.#restarts += 1;
      this.#options.report(`${this.#options.name} ended (${how}): restart ${this.#restarts}`);
      backoff =
        Date.now() - started > MAX_BACKOFF ? 0 : Math.min(MAX_BACKOFF, backoff === 0 ? 100 : backoff * 2);
      if (!(await this.#pause(backoff))) return;
      exit = this.#spawn();
    }
  }

  async #watchReadiness(): Promise<void> {
    while (await this.#pause(READINESS_INTERVAL)) this.ready = await this.#answers("/health/ready");
  }

  async #watchLiveness(): Promise<void> {
    let failures = 0;
    let watched = this.#child;
    while (await this.#pause(LIVENESS_INTERVAL)) {
      if (watched !== this.#child) failures = 0;
      watched = this.#child;
      failures = (await this.#answers("/health")) ? 0 : failures + 1;
      if (failures < LIVENESS_FAILURES || watched === undefined || watched !== this.#child) continue;
      failures = 0;
      this.#options.report(`${this.#options.name} failed ${LIVENESS_FAILURES} health checks`);
      await stopProcess(watched, "SIGTERM");
    }
  }

  #answers(path: string): Promise<boolean> {
    const { agent, service } = this.#options;
    return new Promise((resolve) => {
      const options = {
        agent,
        host: HOST,
        port: this.port,
        path,
        servername: service,
        timeout: CHECK_TIMEOUT,
      };
      const check = request(options, (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      });
      check.on("error", () => resolve(false));
      check.on("timeout", () => check.destroy());
      check.end();
    });
  }

  /** Whether the replica still is to run after the pause. */
  async #pause(milliseconds: number): Promise<boolean> {
    await sleep(milliseconds, undefined, { signal: this.#stopped.signal }).catch(() => undefined);
    return !this.#stopped.signal.aborted;
  }
}
