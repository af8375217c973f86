import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../testing.ts";
import { LogTail } from "./log-tail.ts";

const line = (time: number, message: string, level = "info") =>
  `${JSON.stringify({ level, time: new Date(time).toISOString(), msg: message })}\n`;

it("the last lines of a large log are read without the rest, and what comes is added", () => {
  const folder = temporaryFolder();
  const file = join(folder, "orders-1.log");
  writeFileSync(file, Array.from({ length: 20_000 }, (_, index) => line(index, `line ${index}`)).join(""));
  const tail = new LogTail(folder);
  expect(tail.last(2).map(({ text }) => text)).toEqual(["line 19998", "line 19999"]);
  expect(tail.last(100_000).length).toBeLessThan(5_000);
  expect(tail.last(100_000)[0]?.text).toMatch(/^line \d+$/);
  appendFileSync(file, line(20_000, "one more"));
  expect(tail.last(1)[0]?.text).toBe("one more");
});

it("a log that nobody has looked at for a while is read from its end again", () => {
  const folder = temporaryFolder();
  const file = join(folder, "orders-1.log");
  writeFileSync(file, line(0, "long ago"));
  let now = 0;
  const tail = new LogTail(folder, () => now);
  expect(tail.last(10)).toHaveLength(1);
  appendFileSync(file, Array.from({ length: 20_000 }, (_, index) => line(index, `line ${index}`)).join(""));
  now += 60_000;
  expect(tail.last(100_000).length).toBeLessThan(5_000);
  expect(tail.last(1)[0]?.text).toBe("line 19999");
});

it("lines are chosen by process, by level and by what is in them", () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "orders-1.log"), line(1, "one") + line(3, "Three", "error"));
  writeFileSync(join(folder, "orders-2.log"), line(2, "two", "warn"));
  writeFileSync(join(folder, "gateway.log"), line(4, "four"));
  const texts = (filter: Parameters<LogTail["last"]>[1]) =>
    new LogTail(folder).last(10, filter).map(({ text }) => text);
  expect(texts({})).toEqual(["one", "two", "Three", "four"]);
  expect(texts({ process: "orders" })).toEqual(["one", "two", "Three"]);
  expect(texts({ process: "orders-2" })).toEqual(["two"]);
  expect(texts({ level: "warn" })).toEqual(["two", "Three"]);
  expect(texts({ text: "three", process: "", level: undefined })).toEqual(["Three"]);
});
