import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Called with the means to signal the process once it runs. */
  readonly started?: (signal: (name: NodeJS.Signals) => void) => void;
}

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

/** Runs the real client as a process, whose environment is only what is given. */
export async function runCli(args: readonly string[], options: CliOptions): Promise<Finished> {
  const { env, stdin = "", started } = options;
  const child = spawn(process.execPath, [MAIN, ...args], { env: { TZ: "UTC", ...env }, stdio: "pipe" });
  started?.((name) => child.kill(name));
  child.stdin.on("error", () => undefined).end(stdin);
  const ended = new Promise<Pick<Finished, "code" | "signal">>((resolve, reject) => {
    child.once("error", reject).once("close", (code, signal) => resolve({ code, signal }));
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { ...(await ended), stdout, stderr };
}
