import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { Problem } from "../../services/shared/problem.ts";
import type { ServerCertificate } from "./certificate.ts";

/** A request as it came in. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly cookies: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** An answer, or a connection that breaks: at once, or after the head of an answer. */
type Outcome = Response | "break" | { readonly headOf: Response };
export type Handler = (request: Received) => Outcome | Promise<Outcome>;

export interface TestServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** A real HTTPS server on a free port. A Problem that the handler throws is answered as the services do. */
export async function startServer({ cert, key }: ServerCertificate, handler: Handler): Promise<TestServer> {
  const server = createServer({ cert, key, minVersion: "TLSv1.3" }, (incoming, outgoing) => {
    void answer(incoming, outgoing, handler);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function json(body: unknown, status = 200, headers = new Headers()): Response {
  headers.set("content-type", "application/json");
  return new Response(JSON.stringify(body), { status, headers });
}

async function answer(incoming: IncomingMessage, outgoing: ServerResponse, handler: Handler): Promise<void> {
  const response = await respond(await receive(incoming), handler);
  if (response === "break") {
    incoming.socket.destroy();
    return;
  }
  const { status, headers } = "headOf" in response ? response.headOf : response;
  outgoing.statusCode = status;
  outgoing.setHeaders(headers);
  if (!("headOf" in response)) outgoing.end(await response.text());
  else outgoing.write(" ", () => incoming.socket.destroy());
}

async function respond(request: Received, handler: Handler): Promise<Outcome> {
  try {
    return await handler(request);
  } catch (error) {
    if (error instanceof Problem) return error.toResponse();
    throw error;
  }
}

async function receive(incoming: IncomingMessage): Promise<Received> {
  const url = new URL(incoming.url ?? "/", "https://localhost");
  const text = (await buffer(incoming)).toString();
  const pairs = (incoming.headers.cookie ?? "").split("; ").filter((pair) => pair !== "");
  return {
    method: incoming.method ?? "",
    path: url.pathname,
    query: url.searchParams,
    headers: incoming.headers,
    cookies: Object.fromEntries(pairs.map((pair) => pair.split("=", 2) as [string, string])),
    body: text === "" ? undefined : (JSON.parse(text) as unknown),
  };
}
