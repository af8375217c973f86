import { spawn } from "node:child_process";
import { expect, it, onTestFinished } from "vitest";
import { isAlive } from "../tests/support/processes.ts";
import { KeptProcess } from "./kept-process.ts";
import { StateFolder } from "./state.ts";
import { temporaryFolder } from "./testing.ts";

async function kept() {
  const reports: string[] = [];
  const folder = await StateFolder.open(temporaryFolder());
  const sleeper = new KeptProcess({
    name: "sleeper",
    signal: "SIGTERM",
    spawn: () => spawn("sleep", ["60"], { stdio: "ignore" }),
    folder,
    report: (line) => reports.push(line),
  });
  onTestFinished(() => sleeper.stop());
  const ends: (number | undefined)[] = [];
  await sleeper.start(
    () => Promise.resolve(),
    () => ends.push(sleeper.child?.pid),
  );
  return { sleeper, reports, ends };
}

it("puts another process in a process's place where that is asked for, and tells nobody", async () => {
  const { sleeper, reports, ends } = await kept();
  const pids = [sleeper.child?.pid];
  for (let turn = 0; turn < 3; turn++) {
    await sleeper.restart();
    expect(pids).not.toContain(sleeper.child?.pid);
    pids.push(sleeper.child?.pid);
  }
  expect(ends).toEqual(pids.slice(0, -1));
  expect(pids.map((pid) => isAlive(pid ?? 0))).toEqual([false, false, false, true]);
  expect(reports).toEqual([]);
});

it("starts none where it is stopped meanwhile", async () => {
  const { sleeper } = await kept();
  await Promise.all([sleeper.restart(), sleeper.stop()]);
  expect(isAlive(sleeper.child?.pid ?? 0)).toBe(false);
});
