import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { familyOf } from "../support/database.ts";
import { processesOf } from "../support/processes.ts";

/**
 * Puts a local platform's services and database on one core and its gateway on another, with this process: so the load
 * and its refusals take nothing from the services, as pods with CPU of their own would not.
 * @returns in a line what was done
 */
export function keepApart(state: string): string {
  if (process.platform !== "linux" || availableParallelism() < 2)
    return "the load shares all cores with the platform";
  for (const [name, pid] of processesOf(state)) {
    for (const one of familyOf(pid)) pin(one, name === "gateway" ? 0 : 1);
  }
  pin(process.pid, 0);
  return "the services and the database have core 1; the gateway shares core 0 with the load";
}

function pin(pid: number, core: number): void {
  execFileSync("taskset", ["--all-tasks", "--cpu-list", "--pid", String(core), String(pid)], {
    stdio: "ignore",
  });
}
