import { LogFiles } from "../log-files.ts";
import type { Level, LogLine } from "../log-lines.ts";
import { LEVELS } from "../log-lines.ts";

/** Lines that are kept for whoever looks. */
const MAX_LINES = 5_000;
/** Bytes of each file that are read when somebody looks after a while. */
const TAIL = 128 * 1024;
/** Milliseconds after which the files are not read on from where they were left: much may have come since. */
const PAUSE = 15_000;

/** Which lines are wanted; what is undefined or empty is no condition. */
export interface TailFilter {
  /** `orders` for all its replicas, `orders-1` for one. */
  readonly process?: string | undefined;
  readonly level?: Level | undefined;
  /** Anything in the line as it was written, in any case: a request's id, a user's, a route. */
  readonly text?: string | undefined;
}

/** The last lines of all logs, read on when somebody looks. */
export class LogTail {
  readonly #folder: string;
  readonly #now: () => number;
  #files: LogFiles | undefined;
  #lines: LogLine[] = [];
  #readAt = -Infinity;

  /** @param folder the state folder's `logs` */
  constructor(folder: string, now: () => number = Date.now) {
    this.#folder = folder;
    this.#now = now;
  }

  /** The last lines that fit, oldest first. */
  last(count: number, filter: TailFilter = {}): LogLine[] {
    this.#read();
    return this.#lines.filter((line) => fits(line, filter)).slice(-count);
  }

  #read(): void {
    const now = this.#now();
    if (this.#files === undefined || now - this.#readAt > PAUSE) {
      this.#files = new LogFiles(this.#folder);
      this.#files.skip(TAIL);
      this.#lines = [];
    }
    this.#readAt = now;
    this.#lines = [...this.#lines, ...this.#files.read()].slice(-MAX_LINES);
  }
}

function fits(line: LogLine, { process = "", level, text = "" }: TailFilter): boolean {
  return (
    (process === "" || line.process === process || line.process.replace(/-\d+$/, "") === process) &&
    (level === undefined || LEVELS.indexOf(line.level) >= LEVELS.indexOf(level)) &&
    (text === "" || line.raw.toLowerCase().includes(text.toLowerCase()))
  );
}
