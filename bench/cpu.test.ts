import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";
import { cpuSeconds } from "./cpu.ts";

/** Works for so many milliseconds of its own CPU time, tells and waits. */
const WORK = `
const work = (milliseconds) => {
  const start = process.cpuUsage();
  while (process.cpuUsage(start).user < 1000 * milliseconds);
};`;

/** Runs a line of JavaScript and resolves once it says that it is done. */
async function run(script: string): Promise<number> {
  const child = spawn(process.execPath, ["-e", WORK + script], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return child.pid ?? 0;
}
const WAIT = "console.log('done'); setInterval(() => {}, 1000);";

describe.runIf(process.platform === "linux")("the CPU time of processes", () => {
  it("is what a process has worked, not for how long it runs", async () => {
    const pid = await run(`work(400); ${WAIT}`);
    const used = cpuSeconds([pid]);
    expect(used).toBeGreaterThan(0.38);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(cpuSeconds([pid]) - used).toBeLessThan(0.05);
  });

  it("has that of its children too, also once they have ended, and counts each process once", async () => {
    const child = `require("node:child_process").spawnSync(process.execPath, ["-e", ${JSON.stringify(`${WORK} work(400)`)}]);`;
    const pid = await run(`${child} ${WAIT}`);
    const used = cpuSeconds([pid]);
    expect(used).toBeGreaterThan(0.38);
    expect(cpuSeconds([pid, pid])).toBeCloseTo(used, 1);
  });

  it("of a process that is gone is none", async () => {
    const child = spawn(process.execPath, ["-e", ""]);
    await once(child, "exit");
    expect(cpuSeconds([child.pid ?? 0])).toBe(0);
  });
});
