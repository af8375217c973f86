import type { Argument, Command, Option } from "commander";
import { bash, fish, zsh } from "./completion-scripts.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** A word that may be typed, and what it means. */
export interface Word {
  readonly word: string;
  readonly description: string;
  /** What the word after it is; undefined where it takes none. */
  readonly value?: "file" | "text";
}

export interface CompletedCommand {
  readonly names: readonly string[];
  readonly description: string;
  /** Words that may follow it. */
  readonly words: readonly Word[];
}

/** What can be typed: all that a script for a shell is made of. */
export interface Completion {
  readonly commands: readonly CompletedCommand[];
  /** Options that every command has. */
  readonly options: readonly Word[];
}

/**
 * A script that completes the client's commands in a shell. It defines the command `gatehouse`, because a completion
 * belongs to a command and `npm run` is none of ours.
 * @param folder the clone, in which `gatehouse` runs the client
 */
export function completionScript(shell: Shell, program: Command, folder: string): string {
  return { bash, zsh, fish }[shell](completionOf(program), folder);
}

function completionOf(program: Command): Completion {
  return {
    commands: program.commands.map((command) => ({
      names: [command.name(), ...command.aliases()],
      description: command.description(),
      words: [...command.registeredArguments.flatMap(choicesOf), ...command.options.map(optionWord)],
    })),
    options: [...program.options.map(optionWord), { word: "--help", description: "show the help" }],
  };
}

function choicesOf({ argChoices = [], description }: Argument): Word[] {
  return argChoices.map((word) => ({ word, description }));
}

function optionWord({ long, flags, description, required }: Option): Word {
  const word = long ?? flags;
  if (!required) return { word, description };
  return { word, description, value: flags.includes("<file>") ? "file" : "text" };
}
