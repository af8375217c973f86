import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Process id of a part of the local platform that has this state folder: `authentication-1`, `postgres`. */
export function pidIn(state: string, name: string): number {
  const { processes } = JSON.parse(readFileSync(join(state, "processes.json"), "utf8")) as {
    processes: { name: string; pid: number }[];
  };
  const found = processes.find((one) => one.name === name);
  if (found === undefined) throw new Error(`the platform has no process ${name}`);
  return found.pid;
}
