import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import { RotationError } from "./error.ts";
import { generationsText } from "./ring.ts";
import type { Target } from "./rotate.ts";

const PROJECT = join(import.meta.dirname, "..");
const run = promisify(execFile);

/** A Pulumi stack: a step is a setting and a `pulumi up`, which waits until every pod has rolled. */
export function stackTarget(stack: string): Target & { close(): Promise<void> } {
  const pulumi = (...args: string[]) => printed("pulumi", ["--cwd", PROJECT, ...args, "--stack", stack]);

  /** The database is the one part that `pulumi up` does not wait for: its nodes take certificates one by one. */
  async function databaseSettled(): Promise<void> {
    const { namespace } = JSON.parse(await pulumi("stack", "output", "--json")) as { namespace: string };
    const context = await pulumi("config", "get", "kubernetes:context").catch(() => "");
    const flags = ["--namespace", namespace, ...(context === "" ? [] : ["--context", context])];
    const sets = (await printed("kubectl", ["get", "statefulsets", "--output", "name", ...flags])).split(
      "\n",
    );
    for (const set of sets.filter((name) => name !== ""))
      await printed("kubectl", ["rollout", "status", set, "--timeout", "30m", ...flags]);
  }

  return {
    // The outputs and not the settings: those are what an update that failed was to do, these what has been done.
    async read() {
      const { generations } = JSON.parse(await pulumi("stack", "output", "--json")) as {
        generations?: unknown;
      };
      const parsed = generationsText.safeParse(generations);
      if (parsed.success) return parsed.data;
      throw new RotationError(
        `stack ${stack} tells no generations: bring it up to date with pulumi up first`,
      );
    },
    async apply(kind, ring) {
      await databaseSettled();
      await pulumi("config", "set", "--path", `gatehouse:generations.${kind}`, ring.join());
      await shown("pulumi", ["--cwd", PROJECT, "up", "--yes", "--skip-preview", "--stack", stack]);
      await databaseSettled();
    },
    close: () => Promise.resolve(),
  };
}

async function printed(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(program, args, { maxBuffer: 16 * 1024 * 1024 }).catch((error: unknown) => {
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new RotationError(`${program} ${args.join(" ")}: ${stderr?.trim() || message}`);
  });
  return stdout.trim();
}

/** Runs a program whose output is for the operator. */
async function shown(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit"] });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0)
    throw new RotationError(
      `${program} up ended with ${code ?? "a signal"}: mend it and run the same rotation again`,
    );
}
