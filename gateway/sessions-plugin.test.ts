import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { SESSIONS_MODULE } from "./checks.ts";

const cwd = join(import.meta.dirname, "plugins-local/src", SESSIONS_MODULE);
const go = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync("go", args, { cwd, encoding: "utf8" });
  return { status, text: stdout + stderr };
};

// Traefik brings its own Go. Where there is none beside it, tests/local/remembered-sessions.test.ts is what there is.
it.skipIf(go("version").status !== 0)("the plugin that remembers sessions passes its own tests", () => {
  expect(go("vet", "./...")).toEqual({ status: 0, text: "" });
  const { status, text } = go("test", "-count=1", "./...");
  expect(status, text).toBe(0);
});
