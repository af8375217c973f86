import { createProgram } from "./commands.ts";
import { exitCodeFor } from "./exit-code.ts";
import { processTerminal } from "./terminal.ts";

/** The terminal client: a menu without arguments, else one command. */
const terminal = processTerminal();
const program = createProgram(terminal);
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeFor(error, terminal);
}
