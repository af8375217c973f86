import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { beforeEach, describe, expect, it } from "vitest";
import { LogFiles } from "./log-files.ts";
import { prettyLine } from "./log-lines.ts";
import { temporaryFolder } from "./testing.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});
const write = (file: string, text: string) => appendFileSync(join(folder, `${file}.log`), text);
const at = (second: number) => `2026-11-25T12:00:0${second}.000Z`;
const service = (second: number, fields: object) =>
  `${JSON.stringify({ level: "info", time: at(second), service: "orders", ...fields })}\n`;
const request = { method: "GET", route: "/orders", status: 200, milliseconds: 1.5, requestId: "r-1" };

describe("the logs of a platform", () => {
  it("are one, in the order of time, whichever process wrote them", () => {
    write("orders-1", service(1, { msg: "first" }) + service(3, { msg: "third" }));
    write("orders-2", service(2, { msg: "second" }));
    expect(new LogFiles(folder).read().map(({ process, text }) => [process, text])).toEqual([
      ["orders-1", "first"],
      ["orders-2", "second"],
      ["orders-1", "third"],
    ]);
  });

  it("are told by service, replica, level and request", () => {
    write("orders-1", service(1, request) + service(2, { level: "warn", msg: "slow", requestId: "r-1" }));
    write("orders-2", service(3, request));
    write("products-1", service(4, { ...request, requestId: "r-2" }));
    const count = (filter: object) => new LogFiles(folder).read(filter).length;
    expect(count({ process: "orders" })).toBe(3);
    expect(count({ process: "orders-2" })).toBe(1);
    expect(count({ process: "order" })).toBe(0);
    expect(count({ level: "warn" })).toBe(1);
    expect(count({ requestId: "r-1" })).toBe(3);
    expect(count({ requestId: "r-1", process: "orders", level: "info" })).toBe(3);
  });

  it("are followed from where they were left, and by whole lines", () => {
    write("orders-1", service(1, { msg: "old" }));
    const files = new LogFiles(folder);
    files.skip();
    const line = service(2, { msg: "new" });
    write("orders-1", line.slice(0, 20));
    expect(files.read()).toEqual([]);
    write("orders-1", line.slice(20));
    write("orders-2", service(3, { msg: "of a new file" }));
    expect(files.read().map(({ text }) => text)).toEqual(["new", "of a new file"]);
    expect(files.read()).toEqual([]);
  });

  it("keep a stack trace with the line before it", () => {
    write("orders-1", `${service(2, { msg: "before" })}Error: it broke\n    at here\n`);
    write("orders-2", service(3, { msg: "after" }));
    expect(new LogFiles(folder).read().map(({ text }) => text)).toEqual([
      "before",
      "Error: it broke",
      "    at here",
      "after",
    ]);
  });
});

describe("a line for people", () => {
  const pretty = () =>
    new LogFiles(folder).read().map((line) => stripVTControlCharacters(prettyLine(line, 10)));

  it("says when, who, what and of which request", () => {
    write("orders-1", service(1, { ...request, userId: "u-1" }));
    expect(pretty()).toEqual(["12:00:01.000  orders-1    info   GET /orders 200 1.5 ms  userId=u-1  r-1"]);
  });

  it("tells the gateway's requests with their route", () => {
    const fields = {
      ...{ StartUTC: at(1), RequestMethod: "POST", RequestPath: "/products/moka-pot/buy" },
      ...{ DownstreamStatus: 502, Duration: 12_340_000, RouterName: "post-products-id-buy@file" },
      "downstream_X-Request-Id": "r-1",
    };
    write("access", `${JSON.stringify(fields)}\n`);
    expect(pretty()).toEqual([
      "12:00:01.000  gateway     error  POST /products/moka-pot/buy 502 12.3 ms post-products-id-buy  r-1",
    ]);
  });

  it("shows an error with its stack", () => {
    write("orders-1", service(1, { level: "error", msg: "failed", err: { stack: "Error: x\n    at y" } }));
    expect(pretty()[0]).toContain("error  failed  \nError: x\n    at y");
  });
});
