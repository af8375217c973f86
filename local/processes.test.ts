import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { exitOf, identify, isRunning, startProcess, stopProcess } from "./processes.ts";
import { temporaryFolder } from "./testing.ts";

/** Runs a line of JavaScript as a process whose output goes to a file. */
function run(script: string) {
  const log = join(temporaryFolder(), "log");
  const child = startProcess(process.execPath, ["-e", script], { log, env: { GREETING: "hello" } });
  return { child, pid: child.pid ?? 0, printed: () => readFileSync(log, "utf8") };
}
const FOREVER = "setInterval(() => {}, 1000); console.log('up');";
const isUp = ({ printed }: { printed: () => string }) =>
  vi.waitFor(() => expect(printed()).toContain("up"), { timeout: 10_000 });

describe("a process", () => {
  it("writes all that it says to its log, and sees the given environment alone", async () => {
    const { child, printed } = run(
      "console.log(process.env.GREETING, Object.keys(process.env).length); console.error('error')",
    );
    expect(await exitOf(child)).toBe("exit code 0");
    expect(printed()).toMatch(/^hello \d\nerror\n$/);
  });

  it("tells how it ended, also to who asks later", async () => {
    const { child } = run("process.exit(3)");
    expect(await exitOf(child)).toBe("exit code 3");
    expect(await exitOf(child)).toBe("exit code 3");
  });

  it("that cannot be started has ended too", async () => {
    const child = startProcess(join(temporaryFolder(), "nothing"), [], {
      log: join(temporaryFolder(), "log"),
    });
    expect(await exitOf(child)).toMatch(/^exit code/);
  });

  it("runs in a session of its own, where a Ctrl-C of the terminal does not reach it", async () => {
    const process_ = run(FOREVER);
    await isUp(process_);
    // A group of that id exists only if the process leads it.
    expect(process.kill(-process_.pid, 0)).toBe(true);
    await stopProcess(process_.child, "SIGKILL");
  });

  it("is asked to end by the given signal", async () => {
    const process_ = run(`process.on('SIGTERM', () => { console.log('bye'); process.exit(0) }); ${FOREVER}`);
    await isUp(process_);
    await stopProcess(process_.child, "SIGTERM");
    expect([await exitOf(process_.child), process_.printed()]).toEqual(["exit code 0", "up\nbye\n"]);
  });

  it("is ended where asking has not helped in time", async () => {
    const process_ = run(`process.on('SIGTERM', () => {}); ${FOREVER}`);
    await isUp(process_);
    await stopProcess(process_.child, "SIGTERM", 200);
    expect(await exitOf(process_.child)).toBe("SIGKILL");
  });

  it("that has ended is stopped already", async () => {
    const { child } = run("");
    await exitOf(child);
    await stopProcess(child, "SIGTERM");
    expect(await exitOf(child)).toBe("exit code 0");
  });
});

describe("the identity of a process", () => {
  it("is its pid and when it started, and holds for as long as it runs", async () => {
    const { child, pid } = run(FOREVER);
    const id = identify(pid);
    expect(id).toEqual({ pid, started: expect.stringMatching(/./) as string });
    expect(identify(pid)).toEqual(id);
    expect(id && isRunning(id)).toBe(true);
    await stopProcess(child, "SIGKILL");
    expect(id && isRunning(id)).toBe(false);
    expect(identify(pid)).toBeUndefined();
  });

  it("is not that of a later process with the same pid", () => {
    expect(isRunning({ pid: process.pid, started: "0" })).toBe(false);
  });
});
