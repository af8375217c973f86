import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { temporaryFolder } from "../local/testing.ts";

/** A bench whose platform has its folder in a place of its own, by which all processes of it can be told. */
function startBench(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const folder = temporaryFolder();
  const child = spawn(process.execPath, ["bench/main.ts", ...args], {
    env: { ...process.env, TMPDIR: folder, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const ended = once(child, "exit").then(([code]) => code as number | null);
  // A test that fails early leaves nothing behind either.
  onTestFinished(async () => {
    child.kill("SIGTERM");
    await ended;
  }, 60_000);
  return { child, folder, ended, text: () => text };
}

const entries = (folder: string) => readdirSync(folder).filter((name) => name.startsWith("gatehouse-bench-"));

/** Processes that have the folder in their command line: all of a platform's and of the subjects'. */
function processesOf(folder: string): string[] {
  return readdirSync("/proc").flatMap((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      return /^\d+$/.test(pid) && command.includes(folder) ? [command.replaceAll("\0", " ")] : [];
    } catch {
      return [];
    }
  });
}

const eventually = (assertion: () => void) => vi.waitFor(assertion, { timeout: 60_000, interval: 20 });

describe.runIf(process.platform === "linux")("a bench", { timeout: 120_000 }, () => {
  it("that is interrupted while its platform starts leaves nothing behind", async () => {
    const { child, folder, ended, text } = startBench(["node"]);
    await eventually(() => expect(processesOf(folder).join("\n")).toContain("postgres"));
    child.kill("SIGINT");
    expect([await ended, text()]).toEqual([1, "stopped\n"]);
    expect([processesOf(folder), entries(folder)]).toEqual([[], []]);
  });

  it("that is interrupted while it measures leaves nothing behind", async () => {
    const { child, folder, ended, text } = startBench(["traefik", "--rounds", "60", "--seconds", "1"]);
    await eventually(() => expect(text()).toContain("round 1 of 60"));
    expect(processesOf(folder).join("\n")).toContain("traefik");
    child.kill("SIGTERM");
    expect(await ended).toBe(1);
    expect(text().trim().split("\n").at(-1)).toBe("stopped");
    expect([processesOf(folder), entries(folder)]).toEqual([[], []]);
  });

  it("of which a subject cannot start says why, and leaves nothing behind", async () => {
    const programs = temporaryFolder();
    const lines = [
      "#!/bin/sh",
      'test "$1" = -V && exec echo http_auth_request_module',
      "echo no room; exit 1",
    ];
    writeFileSync(join(programs, "nginx"), lines.join("\n"), { mode: 0o755 });
    const path = [programs, process.env["PATH"]].join(delimiter);
    const { folder, ended, text } = startBench(["nginx"], { PATH: path });
    expect(await ended).toBe(1);
    expect(text()).toContain("nginx ended: no room");
    expect([processesOf(folder), entries(folder)]).toEqual([[], []]);
  });
});
