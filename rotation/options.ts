import { Argument, Command } from "commander";
import { resolve } from "node:path";
import type { Kind } from "./ring.ts";
import { KINDS } from "./ring.ts";
import type { RotateOptions } from "./rotate.ts";

export interface Options extends Pick<RotateOptions, "walk" | "now"> {
  readonly kind: Kind;
  /** Folder of the local platform. */
  readonly state: string;
  /** The Pulumi stack to rotate in place of the local platform. */
  readonly stack: string | undefined;
}

/** Reads the command line. Wrong input ends the process with usage and exit code 2. */
export function parseOptions(argv: readonly string[]): Options {
  const command = new Command("npm run rotate --")
    .description("Replaces certificates, keys or passwords of a running platform, which goes on serving.")
    .addArgument(new Argument("<kind>", "what is replaced").choices(KINDS))
    .option("--state <dir>", "folder of the local platform", ".local")
    .option("--stack <name>", "rotate this Pulumi stack instead")
    .option("--step", "take the next step only: introduce, use or retire")
    .option("--back", "undo the last step")
    .option("--now", "retire a signing key without waiting for the tokens that it signed")
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
    .parse(["node", "npm run rotate --", ...argv]);
  const [kind] = command.processedArgs as [Kind];
  const flags = command.opts<{
    state: string;
    stack?: string;
    step?: true;
    back?: true;
    now?: true;
  }>();
  return {
    kind,
    state: resolve(flags.state),
    stack: flags.stack,
    walk: flags.back ? "back" : flags.step ? "step" : "all",
    now: flags.now ?? false,
  };
}
