import { CommanderError } from "commander";
import { ClientError, UsageError } from "./errors.ts";
import type { Terminal } from "./terminal.ts";

/** What a script learns: 0 done, 1 refused or failed, 2 wrong usage. */
export type ExitCode = 0 | 1 | 2;

/** Tells an error and what it means to a script. An unexpected error is a defect: it goes on with its stack. */
export function exitCodeFor(error: unknown, terminal: Terminal): ExitCode {
  if (error instanceof CommanderError) {
    // Commander has told it already; its exit code 0 is `--help`.
    return error.exitCode === 0 ? 0 : 2;
  }
  if (!(error instanceof ClientError)) throw error;
  terminal.error(error.message, error.hint);
  return error instanceof UsageError ? 2 : 1;
}
