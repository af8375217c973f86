import type { ChildProcess, SpawnOptions } from "node:child_process";
import { spawn } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { execFileSync } from "node:child_process";

/** A process by its pid and when it started: a pid alone comes round again. */
export interface ProcessId {
  readonly pid: number;
  readonly started: string;
}

/** Starts a program in a session of its own, so that a Ctrl-C in the terminal reaches the runner alone. */
export function startProcess(
  program: string,
  args: readonly string[],
  options: { log: string; env?: NodeJS.ProcessEnv } & Pick<SpawnOptions, "cwd" | "uid" | "gid">,
): ChildProcess {
  const { log, ...rest } = options;
  const output = openSync(log, "a", 0o600);
  return spawn(program, args, { ...rest, detached: true, stdio: ["ignore", output, output] });
}

/** Resolves with how a process ended, at once if it has. */
export async function exitOf(child: ChildProcess): Promise<string> {
  if (child.exitCode === null && child.signalCode === null) {
    await new Promise((resolve) => child.once("exit", resolve).once("error", resolve));
  }
  return child.signalCode ?? `exit code ${child.exitCode ?? "unknown"}`;
}

/** Asks a process to end with one signal and, when that has not helped in time, ends it. */
export async function stopProcess(
  child: ChildProcess,
  signal: NodeJS.Signals,
  timeout = 10_000,
): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.kill(signal);
  const kill = setTimeout(() => child.kill("SIGKILL"), timeout);
  await exitOf(child);
  clearTimeout(kill);
}

/** Identifies a running process; undefined where there is none of that pid. */
export function identify(pid: number): ProcessId | undefined {
  const started = process.platform === "linux" ? linuxStartTime(pid) : psStartTime(pid);
  return started === undefined ? undefined : { pid, started };
}

/** Whether that very process still runs. */
export function isRunning(id: ProcessId): boolean {
  return identify(id.pid)?.started === id.started;
}

/** Field 22 of /proc/<pid>/stat; the second field is the program's name and may hold spaces. */
function linuxStartTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function psStartTime(pid: number): string | undefined {
  try {
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim() || undefined;
  } catch {
    return undefined;
  }
}
