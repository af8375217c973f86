import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inject } from "vitest";
import { eventually } from "./wait.ts";

interface Processes {
  runner: { pid: number };
  processes: { name: string; pid: number }[];
}

/** The processes of a local platform by name: `orders-1`, `gateway`, `postgres`. */
export function processesOf(state = inject("state")): Map<string, number> {
  const { processes } = JSON.parse(readFileSync(join(state, "processes.json"), "utf8")) as Processes;
  return new Map(processes.map(({ name, pid }) => [name, pid]));
}

/** The pid of a process by name. */
export function pidOf(name: string, state?: string): number {
  const pid = processesOf(state).get(name);
  if (pid === undefined) throw new Error(`the platform has no process ${name}`);
  return pid;
}

/** Whether a process is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}

/** How often the process under a name has begun to serve. */
export function servings(name: string, state = inject("state")): number {
  return readFileSync(join(state, `logs/${name}.log`), "utf8").split('"msg":"serving"').length - 1;
}

/** Kills a replica and waits until the process that replaces it serves. */
export async function killReplica(name: string, state = inject("state")): Promise<void> {
  const served = servings(name, state);
  process.kill(pidOf(name, state), "SIGKILL");
  await eventually(`another ${name}`, () => servings(name, state) > served);
}
