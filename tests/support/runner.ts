import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestOutputs } from "./outputs.ts";
import { outputsSchema } from "./outputs.ts";

/** A runner as a process of its own, as `npm start` makes one. */
export interface Runner {
  readonly child: ChildProcess;
  /** What it has printed so far. */
  readonly text: () => string;
  /** Resolves with the outputs once it is ready. @throws Error with what it printed where it ends instead */
  ready(): Promise<TestOutputs>;
  /** Resolves with the exit code, or the signal that ended it. */
  ended(): Promise<number | string>;
}

export function startRunner(
  state: string,
  args: readonly string[] = [],
  environment: Record<string, string> = {},
  clone = ".",
): Runner {
  const flags = ["--state", state, "--port", "0", ...args];
  const child = spawn(process.execPath, ["local/main.ts", ...flags], {
    cwd: clone,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const exit = once(child, "exit").then(([code, signal]) => (code ?? signal) as number | string);
  return {
    child,
    text: () => text,
    ended: () => exit,
    async ready() {
      const outputs = join(state, "outputs.json");
      while (!text.includes("ready in")) {
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`the runner ended:\n${text}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      if (!existsSync(outputs)) throw new Error("the runner is ready without outputs");
      return outputsSchema.parse(JSON.parse(readFileSync(outputs, "utf8")));
    },
  };
}
