import { BackupError } from "../backup/error.ts";

/** Something that the user can mend: told in one line with what to do, without a stack. */
export class LocalError extends Error {
  override readonly name = "LocalError";
}

/** Ends a command that failed: in one line where the user can mend it, else with the stack. */
export function toldInOneLine(error: unknown): void {
  const mendable = error instanceof LocalError || error instanceof BackupError;
  console.error(mendable ? error.message : error);
  process.exitCode = 1;
}
