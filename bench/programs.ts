import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Looks for a program that is not part of the project.
 * @param proof what its answer to `args` holds if it is the one that is wanted
 * @returns what is missing; undefined where nothing is
 */
export async function findProgram(
  program: string,
  args: readonly string[],
  proof: RegExp,
): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await run(program, args, { timeout: 20_000 });
    return proof.test(stdout + stderr) ? undefined : `a ${program} that has ${proof.source}`;
  } catch {
    return program;
  }
}
