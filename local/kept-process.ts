import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { exitOf, stopProcess } from "./processes.ts";
import type { StateFolder } from "./state.ts";

/** Milliseconds up to which the pause before another start doubles; a process that lived longer starts at once. */
const MAX_BACKOFF = 10_000;

export interface KeptProcessOptions {
  readonly name: string;
  /** Ends it well. */
  readonly signal: NodeJS.Signals;
  readonly spawn: () => ChildProcess;
  readonly folder: StateFolder;
  /** Told when it ended by itself, in one line. */
  readonly report: (line: string) => void;
}

/** A process of the platform as those see it who look at it. */
export interface WatchedProcess {
  /** `orders-1`, `gateway`. */
  readonly name: string;
  /** Undefined while none runs. */
  readonly pid: number | undefined;
  /** How often another one took its place. */
  readonly restarts: number;
  /** Whether it does its work. */
  readonly ready: boolean;
  /** Ends it without any warning, as a crash does; another takes its place. */
  kill(): void;
}

/** A process that is to run until it is stopped: when it ends by itself, another is started. */
export class KeptProcess implements WatchedProcess {
  readonly #options: KeptProcessOptions;
  readonly #stopped = new AbortController();
  #child: ChildProcess | undefined;
  #restarts = 0;
  /** Set from the wish for another process until that one has been started. */
  #renewal: PromiseWithResolvers<undefined> | undefined;

  constructor(options: KeptProcessOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  get pid(): number | undefined {
    return this.ready ? this.#child?.pid : undefined;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** Whether it runs; who knows more of it says more. */
  get ready(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  kill(): void {
    this.#child?.kill("SIGKILL");
  }

  /** Waits, but no longer than the process is to run. @returns whether it still is */
  async pause(milliseconds: number): Promise<boolean> {
    const { signal } = this.#stopped;
    await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
    return !signal.aborted;
  }

  /** The process that runs now, or ran last. */
  get child(): ChildProcess | undefined {
    return this.#child;
  }

  /**
   * Starts the process and resolves once it is ready; from then on it is kept running.
   * @param ready resolves when the process does its work
   * @param onEnd called each time it ends
   * @throws Error that says how it ended, where it does before it is ready
   */
  async start(ready: () => Promise<unknown>, onEnd: () => void = () => undefined): Promise<void> {
    const exit = this.#spawn();
    const ended = exit.then((how) => {
      throw new Error(`${this.#options.name} ended before it was ready (${how})`);
    });
    ended.catch(() => undefined);
    try {
      await Promise.race([ready(), ended]);
    } catch (error) {
      await this.stop();
      throw error;
    }
    void this.#keep(exit, onEnd);
  }

  /** Ends the process for good, with its signal first. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.endCurrent();
  }

  /** Ends the process well and resolves once another was started in its place, which nobody is told. */
  async restart(): Promise<void> {
    this.#renewal ??= Promise.withResolvers();
    const { promise } = this.#renewal;
    await this.endCurrent();
    await promise;
  }

  /** Ends the process that runs now; another takes its place unless it was stopped. */
  async endCurrent(): Promise<void> {
    if (this.#child !== undefined) await stopProcess(this.#child, this.#options.signal);
  }

  #spawn(): Promise<string> {
    const { name, signal, folder, spawn } = this.#options;
    this.#child = spawn();
    folder.register(name, this.#child.pid, signal);
    return exitOf(this.#child);
  }

  async #keep(firstExit: Promise<string>, onEnd: () => void): Promise<void> {
    let exit = firstExit;
    let backoff = 0;
    for (;;) {
      const started = Date.now();
      const how = await exit;
      onEnd();
      if (this.#renewal === undefined && !this.#stopped.signal.aborted) {
        this.#restarts += 1;
        this.#options.report(`${this.#options.name} ended (${how}): restart ${this.#restarts}`);
        backoff =
          Date.now() - started > MAX_BACKOFF ? 0 : Math.min(MAX_BACKOFF, backoff === 0 ? 100 : backoff * 2);
        await this.pause(backoff);
      }
      const stopped = this.#stopped.signal.aborted;
      if (!stopped) exit = this.#spawn();
      this.#renewal?.resolve(undefined);
      this.#renewal = undefined;
      if (stopped) return;
    }
  }
}
