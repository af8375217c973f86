import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { spansOf } from "./otlp.ts";
import type { Traces } from "./traces.ts";

const unzip = promisify(gunzip);

/** Bytes of one export, before and after it is unpacked. */
const MAX_BYTES = 8 * 1024 * 1024;

const TYPES = ["application/json", "application/x-protobuf"];

/**
 * Takes traces over OTLP/HTTP (https://opentelemetry.io/docs/specs/otlp/#otlphttp). A browser cannot send these types
 * from another page without asking first, which is not answered.
 */
export function receiveTraces(traces: Traces): [MiddlewareHandler, MiddlewareHandler] {
  return [
    bodyLimit({ maxSize: MAX_BYTES, onError: (c) => c.body(null, 413) }),
    async (c) => {
      const type = c.req.header("content-type") ?? "";
      if (!TYPES.includes(type.split(";")[0] ?? "")) return c.body(null, 415);
      const sent = Buffer.from(await c.req.arrayBuffer());
      try {
        const zipped = c.req.header("content-encoding") === "gzip";
        traces.add(spansOf(type, zipped ? await unzip(sent, { maxOutputLength: MAX_BYTES }) : sent));
      } catch {
        return c.body(null, 400);
      }
      return c.body(type.startsWith("application/json") ? "{}" : "", 200, { "content-type": type });
    },
  ];
}
