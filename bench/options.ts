import { Command, InvalidArgumentError } from "commander";
import { subjects } from "./subjects/all.ts";
import type { Subject } from "./subject.ts";
import type { Plan } from "./measure.ts";

export interface BenchOptions {
  readonly plan: Plan;
  /** Compares with the kept ratios instead of keeping new ones. */
  readonly quick: boolean;
  readonly subjects: readonly Subject[];
  /** Whether the results are kept: those of all subjects, measured as long as they are by default. */
  readonly keep: boolean;
}

/** Latency is measured well below what the slowest subject can do, so that it is its own and no queue's. */
const RATE = 100;

/** Reads the command line. Wrong input ends the process with usage and exit code 2. */
export function parseOptions(argv: readonly string[]): BenchOptions {
  const names = subjects.map(({ name }) => name);
  const command = new Command("npm run bench --")
    .description("Measures the platform beside what users would pick instead.")
    .argument("[subject...]", `some of: ${names.join(", ")}`)
    .option(
      "--rounds <count>",
      "rounds, of which the medians are taken (default: 5, or 3 with --quick)",
      whole,
    )
    .option("--seconds <count>", "length of a measurement (default: 2, or 1 with --quick)", whole)
    .option("--quick", "under 2 minutes: fails where a ratio fell by more than 20 % below the kept one")
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
    .parse(["node", "npm run bench --", ...argv]);
  const { quick = false, ...flags } = command.opts<{ rounds?: number; seconds?: number; quick?: true }>();
  const unknown = command.args.filter((name) => !names.includes(name));
  if (unknown.length > 0) command.error(`no subject ${unknown.join(", ")}: there are ${names.join(", ")}`);
  return {
    quick,
    plan: {
      rounds: flags.rounds ?? (quick ? 3 : 5),
      seconds: flags.seconds ?? (quick ? 1 : 2),
      rate: quick ? undefined : RATE,
    },
    keep: !quick && argv.length === 0,
    subjects: subjects.filter(({ name }) => command.args.length === 0 || command.args.includes(name)),
  };
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 60) {
    throw new InvalidArgumentError("Give a whole number from 1 to 60.");
  }
  return value;
}
