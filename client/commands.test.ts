import { expect, it } from "vitest";
import { createProgram } from "./commands.ts";
import { exitCodeFor } from "./exit-code.ts";
import type { Terminal } from "./terminal.ts";

/** Parses a command line as the client does; nothing here gets as far as a platform. */
async function parse(line: string) {
  let told = "";
  const write = (text: string) => void (told += text);
  const terminal: Terminal = {
    interactive: false,
    width: undefined,
    out: write,
    error: write,
    askSecret: () => Promise.reject(new Error("there is no terminal")),
  };
  const program = createProgram(terminal);
  for (const command of [program, ...program.commands]) {
    command.configureOutput({ writeOut: write, writeErr: write });
  }
  const code = await program.parseAsync(line.split(" "), { from: "user" }).then(
    () => 0,
    (error: unknown) => exitCodeFor(error, terminal),
  );
  return { code, told };
}

it.each([
  ["whoops", "unknown command 'whoops'"],
  ["whoami --whoops", "unknown option '--whoops'"],
  ["whoami alice", "too many arguments"],
  ["buy", "missing required argument 'product'"],
  ["buy cup --quantity 0", "a number from 1 to 1000"],
  ["buy cup --quantity 1001", "a number from 1 to 1000"],
  ["buy cup --quantity 1e2", "a number from 1 to 1000"],
  ["fail moon", "Allowed choices are authentication, authorization, products, orders"],
  ["login alice my-password", "too many arguments"],
])('"%s" is wrong usage', async (line, message) => {
  expect(await parse(line)).toEqual({ code: 2, told: expect.stringContaining(message) as string });
});

it.each(["--help", "buy --help"])('"%s" is not', async (line) => {
  const { code, told } = await parse(line);
  expect(code).toBe(0);
  expect(told).toContain("buy_products|buy");
  expect(told).toContain("--json");
});
