import { createInterface } from "node:readline/promises";
import { UsageError } from "./errors.ts";
import type { Terminal } from "./terminal.ts";

/**
 * The password of a command: from GATEHOUSE_PASSWORD, else typed unseen, else one line of standard input. Never an
 * argument, which every process of the machine could read.
 * @param twice whether to have it typed a second time, because nothing else would notice a slip
 */
export async function readPassword(terminal: Terminal, { twice }: { twice: boolean }): Promise<string> {
  const password = process.env.GATEHOUSE_PASSWORD || (await ask(terminal, twice));
  if (password === "") {
    throw new UsageError("No password was given.", {
      hint: "Type it at the prompt, set GATEHOUSE_PASSWORD, or pass it as one line of standard input.",
    });
  }
  return password;
}

async function ask(terminal: Terminal, twice: boolean): Promise<string> {
  if (!terminal.interactive) return readLine();
  const password = await terminal.askSecret("Password");
  if (twice && password !== "" && (await terminal.askSecret("The same password again")) !== password) {
    throw new UsageError("The passwords differ.");
  }
  return password;
}

async function readLine(): Promise<string> {
  const lines = createInterface({ input: process.stdin, terminal: false });
  try {
    for await (const line of lines) return line;
    return "";
  } finally {
    lines.close();
    process.stdin.destroy();
  }
}
