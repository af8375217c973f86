import type { ClientHttp2Session, IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import { connect } from "node:http2";
import { loopbackAddress } from "../support/client.ts";
import type { Target } from "./target.ts";

export interface Http2Request {
  readonly headers: OutgoingHttpHeaders;
  /** Sent after the body; without any the headers end the stream. */
  readonly trailers?: OutgoingHttpHeaders;
}

export interface Http2Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A connection from an address of its own, where that can be. */
export function openSession({ outputs, addresses }: Target): ClientHttp2Session {
  const session = connect(outputs.gatewayUrl, {
    ca: outputs.gatewayCa,
    servername: "localhost",
    ...(addresses ? { localAddress: loopbackAddress(), family: 4 } : {}),
  });
  session.on("error", () => undefined);
  return session;
}

/** Sends a request on a connection of its own; the status is 0 where that ended without one. */
export async function overHttp2(target: Target, request: Http2Request): Promise<Http2Answer> {
  const session = openSession(target);
  const answer = await send(session, request);
  session.destroy();
  return answer;
}

/** Sends a request as one stream of a connection. */
export function send(
  session: ClientHttp2Session,
  { headers: sent, trailers = {} }: Http2Request,
): Promise<Http2Answer> {
  return new Promise((resolve) => {
    const withTrailers = Object.keys(trailers).length > 0;
    let headers: IncomingHttpHeaders = {};
    let status = 0;
    let body = "";
    try {
      const stream = session.request(sent, { endStream: !withTrailers, waitForTrailers: withTrailers });
      stream.on("wantTrailers", () => stream.sendTrailers(trailers));
      stream.on("response", (got) => {
        headers = got;
        status = got[":status"] ?? 0;
      });
      stream.on("data", (chunk: Buffer) => (body += chunk.toString()));
      stream.on("error", () => undefined);
      stream.on("close", () => resolve({ status, headers, body }));
      if (withTrailers) stream.end();
    } catch {
      // Node itself does not send such a request, or the connection has ended.
      resolve({ status, headers, body });
    }
  });
}
