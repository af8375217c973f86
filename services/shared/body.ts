import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { every } from "hono/combine";
import { MAX_BODY_BYTES } from "./catalog.ts";
import { Problem } from "./problem.ts";

/** Levels that a JSON body may nest. */
const MAX_DEPTH = 16;

/** Lets through a request without a body, or with a JSON body that is small, flat and well-formed. */
export function checkBody(): MiddlewareHandler {
  const check = checkedBody();
  // The body of a GET has no meaning (RFC 9110, section 9.3.1): nobody reads it.
  return (c, next) => (c.req.method === "GET" || c.req.method === "HEAD" ? next() : check(c, next));
}

function checkedBody(): MiddlewareHandler {
  const counted = every(bodyLimit({ maxSize: MAX_BODY_BYTES, onError: refuseSize }), checkJson);
  return (c, next) => {
    const length = toldLength(c);
    // Where the length is told Node reads no more than that. To count makes a stream of the body, which costs as much as
    // all else that a service does for a request.
    if (length === undefined) return counted(c, next);
    return length > MAX_BODY_BYTES ? refuseSize() : checkJson(c, next);
  };
}

/** Bytes of the body as its head tells them; Transfer-Encoding overrides that (RFC 9112, section 6.3). */
function toldLength(c: Context): number | undefined {
  const length = c.req.header("content-length");
  if (length === undefined || c.req.header("transfer-encoding") !== undefined) return undefined;
  return Number(length);
}

function refuseSize(): never {
  throw new Problem("body_too_large", { detail: `At most ${MAX_BODY_BYTES} bytes are accepted.` });
}

const checkJson: MiddlewareHandler = async (c, next) => {
  const bytes = await c.req.arrayBuffer();
  if (bytes.byteLength === 0) {
    // No body is no body, whatever type it announces: the validators behind would try to parse it.
    const headers = new Headers(c.req.raw.headers);
    headers.delete("content-type");
    c.req.raw = new Request(c.req.raw.url, { method: c.req.method, headers });
  } else {
    const encoding = c.req.header("content-encoding") ?? "identity";
    if (!isJson(c.req.header("content-type")) || encoding !== "identity")
      throw new Problem("unsupported_media_type");
    checkDepth(parse(bytes), MAX_DEPTH);
  }
  return next();
};

function isJson(contentType: string | undefined): boolean {
  return /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i.test(contentType ?? "");
}

function parse(bytes: ArrayBuffer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new Problem("malformed_request", { detail: "The body is not well-formed JSON in UTF-8." });
  }
}

function checkDepth(value: unknown, depth: number): void {
  if (typeof value !== "object" || value === null) return;
  if (depth === 0) throw new Problem("malformed_request", { detail: `JSON may nest ${MAX_DEPTH} levels.` });
  for (const child of Object.values(value)) checkDepth(child, depth - 1);
}
