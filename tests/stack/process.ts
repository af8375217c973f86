import { spawn } from "node:child_process";

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Whether its output is shown while it runs, instead of being kept. */
  readonly show?: boolean;
}

/**
 * Runs a program to its end and gives what it printed.
 * @throws Error with the end of what it wrote, if it fails
 */
export async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const child = spawn(program, args, {
    env: { ...process.env, ...options.env },
    stdio: ["pipe", options.show ? "inherit" : "pipe", options.show ? "inherit" : "pipe"],
  });
  let output = "";
  let errors = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (errors += text));
  child.stdin?.on("error", () => undefined).end(options.input ?? "");
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  if (code === 0) return output;
  const said = `${output}\n${errors}`.trim().split("\n").slice(-30).join("\n");
  throw new Error(`${program} ${args.slice(0, 4).join(" ")} ended with ${String(code)}\n${said}`);
}
