import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { checkBody } from "./body.ts";
import { MAX_BODY_BYTES } from "./catalog.ts";
import { createLogger } from "./logging.ts";
import { problemHandler } from "./problem.ts";

const app = new Hono();
app.onError(problemHandler(createLogger("test", "silent")));
app.use(checkBody());
app.on(["POST", "PUT", "PATCH", "DELETE"], "/", async (c) =>
  c.json({ type: c.req.header("content-type") ?? null, body: await c.req.text() }),
);
app.get("/", (c) => c.text("ok"));

type Body = string | Uint8Array<ArrayBuffer>;
const json = { "content-type": "application/json" };
const send = async (body?: Body, headers: Record<string, string> = json, method = "POST") =>
  app.request("/", { method, headers, ...(body === undefined ? {} : { body }) });
const codeOf = async (answer: Response) => [
  answer.status,
  answer.headers.get("content-type"),
  ((await answer.json()) as { code: string }).code,
];
const problem = (status: number, code: string) => [status, "application/problem+json", code];

/** A body that comes in pieces, as with Transfer-Encoding: chunked, so that no header tells its length. */
function inPieces(text: string): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent < bytes.length) controller.enqueue(bytes.slice(sent, sent + 1000));
      else controller.close();
      sent += 1000;
    },
  });
}
const sendInPieces = async (text: string) =>
  app.request(
    new Request("http://test/", { method: "POST", headers: json, body: inPieces(text), duplex: "half" }),
  );

const ofSize = (bytes: number) => `"${"x".repeat(bytes - 2)}"`;
const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);

describe("a body's size", () => {
  it("may be 64 KiB, told or untold", async () => {
    const body = ofSize(64 * 1024);
    const told = await send(body, { ...json, "content-length": String(MAX_BODY_BYTES) });
    expect([told.status, await told.json()]).toEqual([200, { type: "application/json", body }]);
    const untold = await sendInPieces(body);
    expect([untold.status, await untold.json()]).toEqual([200, { type: "application/json", body }]);
  });

  it("of one byte more is refused with 413, told or untold", async () => {
    const body = ofSize(64 * 1024 + 1);
    const told = await send(body, { ...json, "content-length": String(body.length) });
    expect(await codeOf(told)).toEqual(problem(413, "body_too_large"));
    expect(await codeOf(await sendInPieces(body))).toEqual(problem(413, "body_too_large"));
  });

  it("is counted where Transfer-Encoding overrides what is told", async () => {
    const headers = { ...json, "content-length": "9", "transfer-encoding": "chunked" };
    expect(await codeOf(await send(ofSize(64 * 1024 + 1), headers))).toEqual(problem(413, "body_too_large"));
  });

  it("counts in bytes, not in characters", async () => {
    const text = `"${"é".repeat(40_000)}"`;
    expect(await codeOf(await sendInPieces(text))).toEqual(problem(413, "body_too_large"));
  });

  it("counts before the type, so that nobody makes us read more", async () => {
    const headers = { "content-type": "text/plain", "content-length": "65537" };
    expect(await codeOf(await send(ofSize(65_537), headers))).toEqual(problem(413, "body_too_large"));
  });
});

describe("a body's type", () => {
  it.each([
    "application/json",
    "Application/JSON",
    "application/json; charset=utf-8",
    "application/json;charset=UTF-8",
    'application/json; charset="utf-8"',
  ])("may be %s", async (type) => {
    expect((await send("{}", { "content-type": type })).status).toBe(200);
  });

  it.each([
    "text/plain",
    "text/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/problem+json",
    "application/jsonp",
    "application/json, text/plain",
    "application/json; charset=latin1",
    "application/json; charset=utf-16",
    "application/json; boundary=x",
    "x application/json",
    "",
  ])("%j is refused with 415", async (type) => {
    expect(await codeOf(await send("{}", { "content-type": type }))).toEqual(
      problem(415, "unsupported_media_type"),
    );
  });

  it("is refused with 415 where it is not told", async () => {
    const body = new TextEncoder().encode("{}");
    expect(await codeOf(await send(body, {}))).toEqual(problem(415, "unsupported_media_type"));
  });

  it.each(["gzip", "br", "deflate", "identity, gzip"])(
    "is refused with 415 when %s-encoded",
    async (encoding) => {
      const headers = { ...json, "content-encoding": encoding };
      expect(await codeOf(await send("{}", headers))).toEqual(problem(415, "unsupported_media_type"));
    },
  );

  it("may name the encoding that is none", async () => {
    expect((await send("{}", { ...json, "content-encoding": "identity" })).status).toBe(200);
  });

  it.each(["PUT", "PATCH", "DELETE"])("counts for %s too", async (method) => {
    expect((await send("x", { "content-type": "text/plain" }, method)).status).toBe(415);
    expect((await send("{}", json, method)).status).toBe(200);
  });
});

describe("a body's content", () => {
  it.each([
    ["half an object", '{"a": 1'],
    ["a trailing comma", '{"a": 1,}'],
    ["a single quote", "{'a': 1}"],
    ["a comment", "{} // all"],
    ["two values", "{}{}"],
    ["white space alone", "  "],
    ["NaN", "NaN"],
    ["a line break in a text", '"a\nb"'],
    ["bytes that are no UTF-8", new Uint8Array([0x22, 0xff, 0x22])],
    ["an overlong slash", new Uint8Array([0x22, 0xc0, 0xaf, 0x22])],
    ["half a character in UTF-8", new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ["UTF-16", new Uint8Array([0x22, 0x00, 0x61, 0x00, 0x22, 0x00])],
    ["17 levels of lists", nested(17)],
    ["17 levels of objects", '{"a":'.repeat(17) + "1" + "}".repeat(17)],
    ["30,000 levels", nested(30_000)],
    ["levels without end", "[".repeat(65_000)],
    ["levels below the name __proto__", `{"__proto__":${nested(16)}}`],
  ])("is refused with 400 where it is %s", async (_what, body) => {
    expect(await codeOf(await send(body))).toEqual(problem(400, "malformed_request"));
  });

  it("may nest 16 levels", async () => {
    expect((await send(nested(16))).status).toBe(200);
  });

  it("reaches the handler unchanged", async () => {
    const body = ' {"\u00e9": "\u{1f511}", "n": 1e400, "__proto__": {"x": 1}} ';
    expect(await (await send(body)).json()).toMatchObject({ body });
    expect({}).not.toHaveProperty("x");
  });
});

describe("no body", () => {
  it.each([{}, json, { "content-type": "text/plain" }, { ...json, "content-length": "0" }])(
    "is none, whatever type it announces: %j",
    async (headers) => {
      const answer = await send(undefined, headers);
      expect([answer.status, await answer.json()]).toEqual([200, { type: null, body: "" }]);
    },
  );

  it("is none in pieces too", async () => {
    expect(await (await sendInPieces("")).json()).toEqual({ type: null, body: "" });
  });

  it("is what GET and HEAD have", async () => {
    expect((await app.request("/", { headers: { "content-type": "text/plain" } })).status).toBe(200);
    expect((await app.request("/", { method: "HEAD" })).status).toBe(200);
  });
});
