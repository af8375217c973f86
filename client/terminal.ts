import { styleText } from "node:util";
import { isCancel, password } from "@clack/prompts";
import { Cancelled } from "./errors.ts";

/** Where a command reads and writes. */
export interface Terminal {
  /** Whether a person is there to answer prompts. */
  readonly interactive: boolean;
  /** Columns of standard output; undefined where it is no terminal. */
  readonly width: number | undefined;
  out(text: string): void;
  /** @param hint what can be done about it */
  error(text: string, hint?: string): void;
  /** @throws Cancelled */
  askSecret(message: string): Promise<string>;
}

export function processTerminal(): Terminal {
  process.stdout.on("error", leaveOnClosedPipe);
  return {
    interactive: process.stdin.isTTY,
    width: process.stdout.isTTY ? process.stdout.columns : undefined,
    out: (text) => void process.stdout.write(`${text}\n`),
    error: (text, hint) => {
      const label = styleText("red", "error:", { stream: process.stderr });
      process.stderr.write(`${label} ${text}\n`);
      if (hint !== undefined)
        process.stderr.write(`${styleText("cyan", hint, { stream: process.stderr })}\n`);
    },
    askSecret: async (message) => {
      // On standard error where it is seen, so that standard output stays what a script reads.
      const output = process.stderr.isTTY ? process.stderr : process.stdout;
      const answer = await password({ message, output });
      if (isCancel(answer)) throw new Cancelled();
      return answer;
    },
  };
}

/** A reader such as `head` that has seen enough is no failure. */
function leaveOnClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit();
  throw error;
}
