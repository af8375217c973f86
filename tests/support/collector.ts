import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { spansOf } from "../../local/dashboard/otlp.ts";
import type { Span } from "../../local/dashboard/span.ts";

export interface Collector {
  readonly url: string;
  readonly spans: readonly Span[];
  /** All that was received, as text, for what must not be in it. */
  text(): string;
  close(): Promise<void>;
}

/** A collector of traces over OTLP/HTTP: in JSON, which the services send, and in protobuf, which Traefik does. */
export async function startCollector(): Promise<Collector> {
  const spans: Span[] = [];
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    void buffer(request).then((sent) => {
      const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent;
      bodies.push(body.toString("latin1"));
      const isJson = request.headers["content-type"]?.startsWith("application/json") ?? false;
      if (request.url === "/v1/traces") spans.push(...spansOf(request.headers["content-type"] ?? "", body));
      response.writeHead(200, { "content-type": isJson ? "application/json" : "application/x-protobuf" });
      response.end(isJson ? "{}" : "");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    text: () => bodies.join("\n"),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
