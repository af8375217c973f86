import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { localTarget } from "../../rotation/local-target.ts";
import type { Kind } from "../../rotation/ring.ts";
import type { RotateOptions } from "../../rotation/rotate.ts";
import { rotate } from "../../rotation/rotate.ts";
import type { LoadResult } from "./load.ts";
import type { TestOutputs } from "./outputs.ts";
import { outputsSchema } from "./outputs.ts";

/** Rotates a local platform as `npm run rotate` does. */
export async function rotateLocal(
  state: string,
  kind: Kind,
  options: Partial<RotateOptions> = {},
): Promise<void> {
  const target = localTarget(state);
  const none = () => Promise.reject(new Error("a test does not wait"));
  try {
    await rotate(kind, target, { walk: "step", now: true, say: () => undefined, wait: none, ...options });
  } finally {
    await target.close();
  }
}

/** Runs `npm run rotate` as an operator does. */
export async function runRotate(args: readonly string[]): Promise<{ code: number | null; text: string }> {
  const child = spawn(process.execPath, ["rotation/main.ts", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, text };
}

/** What clients that look now are told. */
export function outputsOf(state: string): TestOutputs {
  return outputsSchema.parse(JSON.parse(readFileSync(join(state, "outputs.json"), "utf8")));
}

/** Fails with what went wrong under a rotation, if anything did, and tells the figure. */
export function expectNoFailure(what: string, ...loads: readonly LoadResult[]): void {
  const failures = loads.flatMap((load) => load.failures);
  const requests = loads.reduce((sum, load) => sum + load.requests, 0);
  console.log(`${what} rotated: ${failures.length} of ${requests} requests failed`);
  expect(failures).toEqual([]);
}
