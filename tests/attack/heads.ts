/** What would be answered if a parser took the body's tail for a request of its own. */
const SMUGGLED = "GET /authentication/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
const CHUNKS = `0\r\n\r\n${SMUGGLED}`;
const hex = (text: string) => text.length.toString(16);

const told = [0, 400, 401, 404, 408, 413, 415, 501];
/** Traefik itself answers 500 to chunks that cannot be read; the connection ends with it. */
const unreadable = [400, 401, 500];

interface AmbiguousLength {
  /** The head, after the request line, Host and Content-Type. */
  readonly head: string;
  readonly body: string;
  readonly refusals: readonly number[];
}

const chunked = (header: string): AmbiguousLength => ({
  head: `Content-Length: ${CHUNKS.length}\r\n${header}`,
  body: CHUNKS,
  refusals: told,
});
const length = (head: string): AmbiguousLength => ({ head, body: SMUGGLED, refusals: told });

/** Bodies whose length two parsers may read differently. */
export const ambiguousLengths: Readonly<Record<string, AmbiguousLength>> = {
  "CL.TE": chunked("Transfer-Encoding: chunked"),
  "TE.CL": {
    head: "Transfer-Encoding: chunked\r\nContent-Length: 4",
    body: `${hex(SMUGGLED)}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
    refusals: told,
  },
  "two lengths": length(`Content-Length: 0\r\nContent-Length: ${SMUGGLED.length}`),
  "two lengths in one": length(`Content-Length: 0, ${SMUGGLED.length}`),
  "a signed length": length(`Content-Length: +${SMUGGLED.length}`),
  "a length in hexadecimal": length(`Content-Length: 0x${hex(SMUGGLED)}`),
  "a negative length": length("Content-Length: -1"),
  "an endless length": length("Content-Length: 99999999999999999999"),
  "chunked with a space before the colon": chunked("Transfer-Encoding : chunked"),
  "chunked behind a tab": chunked("Transfer-Encoding:\tchunked"),
  "chunked, misspelt": chunked("Transfer-Encoding: xchunked"),
  "chunked and identity": chunked("Transfer-Encoding: chunked, identity"),
  "chunked twice": chunked("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"),
  "chunked, folded": chunked("Transfer-Encoding:\r\n chunked"),
  "chunked by an alias": chunked("Transfer_Encoding: chunked"),
  "a chunk of a broken size": {
    head: "Transfer-Encoding: chunked",
    body: `5;\n\nhello\r\n0\r\n\r\n${SMUGGLED}`,
    refusals: unreadable,
  },
  "a chunk of an overflowing size": {
    head: "Transfer-Encoding: chunked",
    body: `fffffffffffffffff\r\n${SMUGGLED}`,
    refusals: unreadable,
  },
};

export const oddMethods = ["TRACE", "CONNECT", "PRI", "get", "FOO", "GET\t", "M-SEARCH"];

const head = (method: string, path: string, ...lines: string[]) =>
  `${[`${method} ${path} HTTP/1.1`, ...lines, "Connection: close"].join("\r\n")}\r\n\r\n`;
const HOST = "Host: localhost";

/** Requests that no client sends, from a method and a path. */
export const oddHeads: Readonly<Record<string, (method: string, path: string) => string>> = {
  "no Host": (method, path) => head(method, path),
  "two Hosts": (method, path) => head(method, path, "Host: a", "Host: b"),
  "a Host with a path": (method, path) => head(method, path, "Host: a/b"),
  "a Host with a user": (method, path) => head(method, path, "Host: user@orders"),
  "HTTP/1.0": (method, path) => `${method} ${path} HTTP/1.0\r\n\r\n`,
  "HTTP/0.9": (method, path) => `${method} ${path}\r\n\r\n`,
  "HTTP/3.0 in words": (method, path) => `${method} ${path} HTTP/3.0\r\n${HOST}\r\n\r\n`,
  "an upgrade to h2c": (method, path) =>
    `${method} ${path} HTTP/1.1\r\n${HOST}\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n`,
  "a websocket": (method, path) =>
    head(
      method,
      path,
      HOST,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Key: x",
      "Sec-WebSocket-Version: 13",
    ),
  "thousands of cookies": (method, path) => head(method, path, HOST, `Cookie: ${"a;".repeat(4000)}`),
  "a thousand headers": (method, path) => head(method, path, HOST, ...Array<string>(1000).fill("A: b")),
  "an expectation": (method, path) => head(method, path, HOST, "Expect: 200-maybe"),
  "a range": (method, path) => head(method, path, HOST, "Range: bytes=0-0,-1,1-"),
  "a query of odd signs": (method, path) => head(method, `${path}?a=%&b=%zz&;c&%00`, HOST),
  "a query with a space": (method, path) => head(method, `${path}?a= b`, HOST),
};
