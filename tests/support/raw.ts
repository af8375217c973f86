import type { ConnectionOptions } from "node:tls";
import { connect } from "node:tls";

export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** How to connect to a gateway for HTTP/1.1 over TLS. */
export function overHttp1(url: string, ca: string): ConnectionOptions {
  const { hostname, port } = new URL(url);
  return {
    host: hostname,
    port: Number(port || 443),
    servername: "localhost",
    ca,
    ALPNProtocols: ["http/1.1"],
  };
}

/**
 * Sends bytes that no HTTP client would, over TLS, and reads what comes until the connection ends. The request
 * should ask for `Connection: close`.
 */
export function sendRaw(
  url: string,
  ca: string,
  bytes: string,
  { localAddress, timeout = 10_000 }: { localAddress?: string; timeout?: number } = {},
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const local = localAddress === undefined ? {} : { localAddress, family: 4 };
    const socket = connect({ ...overHttp1(url, ca), ...local }, () => socket.write(bytes, "latin1"));
    let text = "";
    socket.setTimeout(timeout, () => socket.destroy());
    socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
    socket.on("error", reject);
    socket.on("close", () => {
      const end = text.indexOf("\r\n\r\n");
      const head = text.slice(0, end === -1 ? text.length : end);
      const body = end === -1 ? "" : text.slice(end + 4);
      resolve({
        status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0),
        head,
        body: dechunk(head, body),
      });
    });
  });
}

function dechunk(head: string, body: string): string {
  if (!/^transfer-encoding: chunked/im.test(head)) return body;
  let rest = body;
  let whole = "";
  for (;;) {
    const [, size = "0"] = /^([0-9a-f]+)\r\n/i.exec(rest) ?? [];
    const length = Number.parseInt(size, 16);
    if (length === 0) return whole;
    const start = rest.indexOf("\r\n") + 2;
    whole += rest.slice(start, start + length);
    rest = rest.slice(start + length + 2);
  }
}

/** How many answers came on the connection. */
export function countAnswers({ head, body }: RawAnswer): number {
  return (`${head}\r\n\r\n${body}`.match(/HTTP\/1\.[01] \d{3}/g) ?? []).length;
}
