import { connect } from "node:tls";
import { loopbackAddress } from "../support/client.ts";
import type { Target } from "./target.ts";

/** Names and values as they go over the wire; a client's library would refuse most of these. */
export type Fields = readonly (readonly [name: string, value: string])[];

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const type = { headers: 0x1, reset: 0x3, settings: 0x4, goaway: 0x7 } as const;
const END_STREAM = 0x1;
const END_HEADERS = 0x4;
/** Frames begin with 24 bits of length, 8 of type, 8 of flags and 32 of the stream's number (RFC 9113, section 4.1). */
const FRAME_HEAD = 9;

const SMUGGLED = "GET /validate HTTP/1.1\r\nHost: authentication\r\n\r\n";

/** Requests in HTTP/2 that would be another one, or two, if a proxy wrote them down as HTTP/1.1. */
export const downgrades: Readonly<Record<string, (method: string, path: string) => Fields>> = {
  "a line feed in a value": (...line) => [...pseudo(...line), ["x-a", `b\r\nX-User-ID: admin`]],
  "a request in a value": (...line) => [...pseudo(...line), ["x-a", `b\r\n\r\n${SMUGGLED}`]],
  "a line feed in a name": (...line) => [...pseudo(...line), ["x-a: b\r\nx-user-id", "admin"]],
  "a colon in a name": (...line) => [...pseudo(...line), ["x-user-id:", "admin"]],
  "a name in upper case": (...line) => [...pseudo(...line), ["X-User-ID", "admin"]],
  "an empty name": (...line) => [...pseudo(...line), ["", "admin"]],
  "a null character in a value": (...line) => [...pseudo(...line), ["x-a", "b\0c"]],
  "a request in the path": (method, path) => pseudo(method, `${path} HTTP/1.1\r\nHost: a\r\n\r\n${SMUGGLED}`),
  "a space in the path": (method, path) => pseudo(method, `${path} /validate`),
  "a request in the method": (method, path) =>
    pseudo(`${method} /validate HTTP/1.1\r\nX: y\r\n\r\nGET`, path),
  "a request in the authority": (method, path) => pseudo(method, path, `localhost\r\n\r\n${SMUGGLED}`),
  "a request in the scheme": (method, path) => pseudo(method, path, "localhost", `https\r\n\r\n${SMUGGLED}`),
  "a path that is none": (method) => pseudo(method, "validate"),
  "an empty path": (method) => pseudo(method, ""),
  "two paths": (...line) => [...pseudo(...line), [":path", "/validate"]],
  "two methods": (...line) => [...pseudo(...line), [":method", "POST"]],
  "an unknown pseudo header": (...line) => [...pseudo(...line), [":x-user-id", "admin"]],
  "a pseudo header behind a header": (...line) => [["x-a", "b"], ...pseudo(...line)],
  chunked: (...line) => [...pseudo(...line), ["transfer-encoding", "chunked"]],
  "a length where there is no body": (...line) => [...pseudo(...line), ["content-length", "50"]],
  "two lengths": (...line) => [...pseudo(...line), ["content-length", "0"], ["content-length", "50"]],
  "a header of the connection": (...line) => [...pseudo(...line), ["connection", "x-user-id"]],
  "an upgrade": (...line) => [...pseudo(...line), ["upgrade", "h2c"]],
  "a tunnel": (_method, path) => [
    [":method", "CONNECT"],
    [":protocol", "websocket"],
    [":scheme", "https"],
    [":path", path],
    [":authority", "orders:8443"],
  ],
};

function pseudo(method: string, path: string, authority = "localhost", scheme = "https"): Fields {
  return [
    [":method", method],
    [":scheme", scheme],
    [":path", path],
    [":authority", authority],
  ];
}

/** The status of a request of these fields on a connection of its own; 0 where it was refused without an answer. */
export function sendFrames({ outputs, addresses }: Target, fields: Fields): Promise<number> {
  const { hostname, port } = new URL(outputs.gatewayUrl);
  return new Promise((resolve) => {
    let status = 0;
    let pending = Buffer.alloc(0);
    const socket = connect(
      {
        host: hostname,
        port: Number(port || 443),
        servername: "localhost",
        ca: outputs.gatewayCa,
        ALPNProtocols: ["h2"],
        ...(addresses ? { localAddress: loopbackAddress(), family: 4 } : {}),
      },
      () => {
        const block = Buffer.concat(fields.map(([name, value]) => literal(name, value)));
        socket.write(
          Buffer.concat([
            Buffer.from(PREFACE),
            frame(type.settings, 0, 0, Buffer.alloc(0)),
            frame(type.headers, END_STREAM | END_HEADERS, 1, block),
          ]),
        );
      },
    );
    socket.setTimeout(5_000, () => socket.destroy());
    socket.on("error", () => undefined).on("close", () => resolve(status));
    socket.on("data", (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= FRAME_HEAD) {
        const size = FRAME_HEAD + pending.readUIntBE(0, 3);
        if (pending.length < size) return;
        const kind = pending[3];
        if (kind === type.headers) status = statusIn(pending.subarray(FRAME_HEAD, size));
        if (kind === type.headers || kind === type.reset || kind === type.goaway) socket.destroy();
        pending = pending.subarray(size);
      }
    });
  });
}

function frame(kind: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(FRAME_HEAD);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(kind, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A field that is not indexed, name and value as they are (RFC 7541, section 6.2.2). */
function literal(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

/** A string without Huffman coding (RFC 7541, section 5.2), its length in the 7 bits and more of section 5.1. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value, "latin1");
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const length = [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([...length, rest]), bytes]);
}

/** Entries 8 to 14 of HPACK's static table (RFC 7541, appendix A): the statuses that fit one byte. */
const STATIC_STATUSES = [200, 204, 206, 304, 400, 404, 500];
/** The digits' codes in HPACK's Huffman code (RFC 7541, appendix B), which are five and six bits long. */
const DIGITS: Readonly<Record<string, string>> = {
  "00000": "0",
  "00001": "1",
  "00010": "2",
  "011001": "3",
  "011010": "4",
  "011011": "5",
  "011100": "6",
  "011101": "7",
  "011110": "8",
  "011111": "9",
};

/** The status at the start of an answer's header block. */
function statusIn(block: Buffer): number {
  let at = 0;
  // Changes of the dynamic table's size may come first.
  while (((block[at] ?? 0) & 0xe0) === 0x20) at += 1;
  const first = block[at] ?? 0;
  if (first & 0x80) return STATIC_STATUSES[(first & 0x7f) - 8] ?? Number.NaN;
  const length = block[at + 1] ?? 0;
  const value = block.subarray(at + 2, at + 2 + (length & 0x7f));
  if (!(length & 0x80)) return Number(value.toString("latin1"));
  const bits = [...value].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  let code = "";
  let digits = "";
  for (const bit of bits) {
    code += bit;
    const digit = DIGITS[code];
    if (digit === undefined) continue;
    digits += digit;
    code = "";
  }
  return Number(digits);
}
