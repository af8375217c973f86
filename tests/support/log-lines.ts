import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export type LogLine = Readonly<Record<string, unknown>>;

/** All that a local platform's processes have logged, and what the runner keeps beside it. */
export function logText(state: string): string {
  const folder = join(state, "logs");
  return readdirSync(folder)
    .map((file) => readFileSync(join(folder, file), "utf8"))
    .join("\n");
}

/** The lines of services and gateway that hold a text. */
export function linesWith(state: string, text: string): LogLine[] {
  return logText(state)
    .split("\n")
    .filter((line) => line.startsWith("{") && line.endsWith("}") && line.includes(text))
    .map((line) => JSON.parse(line) as LogLine);
}
