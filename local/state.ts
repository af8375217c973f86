import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LocalError } from "./error.ts";
import type { ProcessId } from "./processes.ts";
import { identify, isRunning } from "./processes.ts";

/** Raised when what the folder holds changes so that an older or newer runner would misread it. */
const STATE_VERSION = 1;

/** The file that says how the database of a running platform is reached. */
export const DATABASE_ACCESS = "database.json";

/** Files that tell of a running platform, and are true only then. */
const RUNNING_ONLY = ["outputs.json", DATABASE_ACCESS];

/** A process that this state folder started, with the signal that ends it well. */
interface StartedProcess extends ProcessId {
  readonly name: string;
  readonly signal: NodeJS.Signals;
}

/** The folder of one local platform. Everything in it is for its owner's eyes only. */
export class StateFolder {
  readonly path: string;
  #processes: StartedProcess[] = [];

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Opens a state folder, creates it where it is missing, and ends what a killed runner left running.
   * @throws LocalError where it cannot be written, is of another version or in use
   */
  static async open(path: string): Promise<StateFolder> {
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      accessSync(path, constants.W_OK | constants.X_OK);
    } catch {
      throw new LocalError(`the state folder ${path} cannot be written: choose another one with --state DIR`);
    }
    const folder = new StateFolder(path);
    folder.#checkVersion();
    await folder.#endFormerRun();
    for (const name of ["logs", "secrets"]) mkdirSync(folder.file(name), { recursive: true, mode: 0o700 });
    folder.#writeRunner();
    return folder;
  }

  /** Path of a file in the folder. */
  file(...names: string[]): string {
    return join(this.path, ...names);
  }

  /** Remembers a process, so that the next run ends it if this one cannot. */
  register(name: string, pid: number | undefined, signal: NodeJS.Signals): void {
    const id = pid === undefined ? undefined : identify(pid);
    if (id === undefined) return;
    this.#processes = [...this.#processes.filter((other) => other.name !== name), { name, signal, ...id }];
    this.#writeRunner();
  }

  /** Writes a file at once and whole, readable by its owner only. */
  write(name: string, content: string): string {
    const path = this.file(name);
    writeFileSync(`${path}.new`, content, { mode: 0o600 });
    renameSync(`${path}.new`, path);
    return path;
  }

  /** The content of a file, which is made on first use and kept from then on. */
  keep(name: string, make: () => string): string {
    const path = this.file(name);
    if (!existsSync(path)) this.write(name, make());
    return readFileSync(path, "utf8");
  }

  /** Forgets the run once all of it has ended. */
  close(): void {
    for (const name of [...RUNNING_ONLY, "processes.json"]) rmSync(this.file(name), { force: true });
  }

  #checkVersion(): void {
    const { version } = JSON.parse(
      this.keep("state.json", () => JSON.stringify({ version: STATE_VERSION })),
    ) as {
      version: unknown;
    };
    if (version === STATE_VERSION) return;
    throw new LocalError(
      `the state folder ${this.path} is of version ${String(version)}, this runner knows version ${STATE_VERSION}: ` +
        `use another one with --state DIR, or remove it, and with it all data`,
    );
  }

  #writeRunner(): void {
    this.write(
      "processes.json",
      JSON.stringify({ runner: identify(process.pid), processes: this.#processes }),
    );
  }

  async #endFormerRun(): Promise<void> {
    const former = formerRun(this.path);
    if (former !== undefined && isRunning(former.runner)) {
      throw new LocalError(
        `a platform already runs on the state folder ${this.path} (process ${former.runner.pid}): ` +
          `stop it, or start a second one with --state DIR --port 0`,
      );
    }
    for (const name of RUNNING_ONLY) rmSync(this.file(name), { force: true });
    if (former !== undefined) await Promise.all(former.processes.map(endLeftover));
  }
}

/** Whether a runner uses the state folder now. */
export function isInUse(path: string): boolean {
  const former = formerRun(path);
  return former !== undefined && isRunning(former.runner);
}

function formerRun(path: string): { runner: ProcessId; processes: StartedProcess[] } | undefined {
  const file = join(path, "processes.json");
  if (!existsSync(file)) return undefined;
  return JSON.parse(readFileSync(file, "utf8")) as { runner: ProcessId; processes: StartedProcess[] };
}

async function endLeftover(leftover: StartedProcess): Promise<void> {
  for (const signal of [leftover.signal, "SIGKILL"] as const) {
    if (!isRunning(leftover)) return;
    process.kill(leftover.pid, signal);
    for (let tries = 0; tries < 50 && isRunning(leftover); tries++) await sleep(100);
  }
}
