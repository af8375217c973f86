import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { spinning } from "./spinner.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function stream(isTTY: boolean) {
  let text = "";
  return { isTTY, write: (chunk: string | Uint8Array) => ((text += String(chunk)), true), text: () => text };
}

const later = (ms: number) => new Promise<string>((resolve) => setTimeout(() => resolve("done"), ms));

it("long work turns a spinner on a terminal, and leaves its line empty", async () => {
  const terminal = stream(true);
  const work = spinning("Waiting", () => later(2_000), terminal);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(terminal.text()).toMatch(/⠋.* Waiting.*⠙.* Waiting/s);
  await vi.advanceTimersByTimeAsync(1_000);

  expect(await work).toBe("done");
  expect(terminal.text()).toMatch(/\r\u001b\[K$/);
  expect(vi.getTimerCount()).toBe(0);
});

it("work that fails leaves no spinner either", async () => {
  const terminal = stream(true);
  const work = spinning("Waiting", () => later(1_000).then(() => Promise.reject(new Error("no"))), terminal);
  const told = expect(work).rejects.toThrow("no");
  await vi.advanceTimersByTimeAsync(1_000);
  await told;

  expect(terminal.text()).toMatch(/\r\u001b\[K$/);
  expect(vi.getTimerCount()).toBe(0);
});

it.each([
  ["short work", 300, true],
  ["what no person looks at", 2_000, false],
])("%s shows nothing", async (_what, ms, isTTY) => {
  const terminal = stream(isTTY);
  const work = spinning("Waiting", () => later(ms), terminal);
  await vi.advanceTimersByTimeAsync(ms);

  expect(await work).toBe("done");
  expect(terminal.text()).toBe("");
});
