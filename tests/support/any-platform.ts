import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { TestOutputs } from "./outputs.ts";
import { outputsSchema } from "./outputs.ts";
import { Trial } from "./trial.ts";

/**
 * Runs something on the platform that `--outputs FILE` names, or on a local one of its own, whose state folder it gets.
 * @param flags flags of `npm start` for one of its own
 */
export async function withPlatform<R>(
  flags: readonly string[],
  run: (outputs: TestOutputs, state: string | undefined) => Promise<R>,
): Promise<R> {
  const { values } = parseArgs({ options: { outputs: { type: "string" } } });
  if (values.outputs !== undefined)
    return run(outputsSchema.loose().parse(JSON.parse(readFileSync(values.outputs, "utf8"))), undefined);
  return withOwnPlatform(flags, run);
}

/** Runs something on a local platform of its own, whose state folder it gets. */
export async function withOwnPlatform<R>(
  flags: readonly string[],
  run: (outputs: TestOutputs, state: string) => Promise<R>,
): Promise<R> {
  await using trial = await Trial.start(flags);
  return await run(trial.outputs, trial.state);
}
