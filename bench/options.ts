import { Command, InvalidArgumentError } from "commander";
import { parts } from "./parts/all.ts";
import type { Part } from "./parts/part.ts";
import { subjects } from "./subjects/all.ts";
import type { Subject } from "./subject.ts";
import type { Plan } from "./measure.ts";

export interface BenchOptions {
  readonly plan: Plan;
  /** Compares this tree with an earlier commit instead. */
  readonly quick: boolean;
  /** That commit; undefined for where this tree left the main branch. */
  readonly against: string | undefined;
  readonly subjects: readonly Subject[];
  /** What is measured besides. */
  readonly parts: readonly Part[];
  /** Whether the results are kept: those of all subjects, measured as long as they are by default. */
  readonly keep: boolean;
}

/** Latency is measured well below what the slowest subject can do, so that it is its own and no queue's. */
const RATE = 100;

/** Reads the command line. Wrong input ends the process with usage and exit code 2. */
export function parseOptions(argv: readonly string[]): BenchOptions {
  const names = [...subjects, ...parts].map(({ name }) => name);
  const command = new Command("npm run bench --")
    .description("Measures the platform beside what users would pick instead.")
    .argument("[name...]", `some of the subjects and parts: ${names.join(", ")} (default: all)`)
    .option("--rounds <count>", "rounds, of which the medians are taken", whole, 5)
    .option("--seconds <count>", "length of a measurement", whole, 2)
    .option("--quick", "under 2 minutes: fails where requests per CPU second fell by more than 20 %")
    .option(
      "--against <commit>",
      "what --quick compares with (default: where this tree left main, or the commit before)",
    )
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
    .parse(["node", "npm run bench --", ...argv]);
  const {
    quick = false,
    against,
    rounds,
    seconds,
  } = command.opts<{
    rounds: number;
    seconds: number;
    quick?: true;
    against?: string;
  }>();
  const unknown = command.args.filter((name) => !names.includes(name));
  if (unknown.length > 0) command.error(`there is no ${unknown.join(", ")}, but ${names.join(", ")}`);
  if (against !== undefined && !quick) command.error("--against goes with --quick");
  const wanted = ({ name }: Subject | Part) => command.args.length === 0 || command.args.includes(name);
  return {
    quick,
    against,
    plan: { rounds, seconds, rate: RATE },
    keep: argv.length === 0,
    subjects: subjects.filter(wanted),
    parts: parts.filter(wanted),
  };
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 60) {
    throw new InvalidArgumentError("Give a whole number from 1 to 60.");
  }
  return value;
}
