import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Level, LogLine } from "./log-lines.ts";
import { LEVELS, parseLogLine } from "./log-lines.ts";

/** Milliseconds between two looks at files that are followed. */
const FOLLOW_INTERVAL = 250;

/** Which lines are wanted; what is undefined is no condition. */
export interface LogFilter {
  /** `orders` for all its replicas, `orders-1` for one. */
  readonly process?: string | undefined;
  /** The least severe level. */
  readonly level?: Level | undefined;
  readonly requestId?: string | undefined;
}

/** The log files of a local platform, read from where they were left. */
export class LogFiles {
  readonly #folder: string;
  readonly #offsets = new Map<string, number>();
  /** Bytes of a last line that was not whole yet. */
  readonly #partial = new Map<string, string>();
  /** Files that are read from the middle of a line. */
  readonly #midway = new Set<string>();

  /** @param folder the state folder's `logs`, which need not exist yet */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Leaves out what has been written so far.
   * @param tail bytes at the end of each file that are read nevertheless, from the first line that begins in them
   */
  skip(tail = 0): void {
    for (const file of this.#files()) {
      const offset = Math.max(0, statSync(file).size - tail);
      this.#offsets.set(file, offset);
      if (tail > 0 && offset > 0) this.#midway.add(file);
    }
  }

  /** The lines since the last time that fit, oldest first. */
  read(filter: LogFilter = {}): LogLine[] {
    const lines = this.#files().flatMap((file) => this.#linesOf(file));
    return lines.filter((line) => fits(line, filter)).sort((one, other) => compare(one, other));
  }

  /** The lines that fit as they come, until aborted. */
  async *follow(filter: LogFilter, signal: AbortSignal): AsyncGenerator<LogLine> {
    while (!signal.aborted) {
      yield* this.read(filter);
      await sleep(FOLLOW_INTERVAL, undefined, { signal }).catch(() => undefined);
    }
  }

  #files(): string[] {
    if (!existsSync(this.#folder)) return [];
    return readdirSync(this.#folder)
      .filter((name) => name.endsWith(".log"))
      .map((name) => join(this.#folder, name));
  }

  #linesOf(file: string): LogLine[] {
    const whole = ((this.#partial.get(file) ?? "") + this.#newText(file)).split("\n");
    this.#partial.set(file, whole.pop() ?? "");
    if (whole.length > 0 && this.#midway.delete(file)) whole.shift();
    const name = basename(file, ".log");
    let last: string | undefined;
    return whole
      .filter((raw) => raw !== "")
      .map((raw) => {
        const line = parseLogLine(name, raw);
        // A line without a time belongs to the one before.
        last = line.time ?? last;
        return { ...line, time: last };
      });
  }

  #newText(file: string): string {
    const descriptor = openSync(file, "r");
    try {
      const offset = this.#offsets.get(file) ?? 0;
      const bytes = Buffer.alloc(Math.max(0, fstatSync(descriptor).size - offset));
      const read = readSync(descriptor, bytes, 0, bytes.length, offset);
      this.#offsets.set(file, offset + read);
      return bytes.toString("utf8", 0, read);
    } finally {
      closeSync(descriptor);
    }
  }
}

function fits(line: LogLine, { process, level, requestId }: LogFilter): boolean {
  return (
    (process === undefined || line.process === process || line.process.replace(/-\d+$/, "") === process) &&
    (level === undefined || LEVELS.indexOf(line.level) >= LEVELS.indexOf(level)) &&
    (requestId === undefined || line.requestId === requestId)
  );
}

function compare({ time: one = "" }: LogLine, { time: other = "" }: LogLine): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
