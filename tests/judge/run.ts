import { spawn } from "node:child_process";

export interface Run {
  readonly code: number | null;
  readonly output: string;
  /** What it wrote to its standard error. */
  readonly errors: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** Runs a program to its end, whatever its exit code: a judge's says what it thinks of us. */
export async function run(
  program: string,
  args: readonly string[],
  { cwd, env, input = "" }: RunOptions = {},
): Promise<Run> {
  const child = spawn(program, args, {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let [output, errors] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  child.stdin.on("error", () => undefined).end(input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  return { code, output, errors };
}

/** The end of what a program said, for a message about its failure. */
export function lastWords({ output, errors }: Run): string {
  const lines = `${output}\n${errors}`.trim().split("\n");
  return lines
    .filter((line) => !line.startsWith("    at "))
    .slice(-8)
    .join("\n");
}
