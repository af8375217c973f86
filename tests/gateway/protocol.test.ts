import { connect as connectHttp2 } from "node:http2";
import { describe, expect, inject, it } from "vitest";
import type { SignedIn } from "../support/client.ts";
import { isLoopback, loopbackAddress, signUp } from "../support/client.ts";
import { countAnswers, sendRaw } from "../support/raw.ts";

const outputs = inject("outputs");
const url = outputs.gatewayUrl;
const ca = outputs.gatewayCa;

/** What would be answered if a parser took the body's tail for a request of its own. */
const SMUGGLED = "GET /authentication/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
const CHUNKS = `0\r\n\r\n${SMUGGLED}`;
const hex = (text: string) => text.length.toString(16);

/** Two lengths for one body: the head, after the request line and Host, and the body. */
const ambiguous: [string, string, string][] = [
  ["CL.TE", `Content-Length: ${CHUNKS.length}\r\nTransfer-Encoding: chunked`, CHUNKS],
  [
    "TE.CL",
    `Transfer-Encoding: chunked\r\nContent-Length: 4`,
    `${hex(SMUGGLED)}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
  ],
  ["two lengths", `Content-Length: 0\r\nContent-Length: ${SMUGGLED.length}`, SMUGGLED],
  ["two lengths in one", `Content-Length: 0, ${SMUGGLED.length}`, SMUGGLED],
  ["a signed length", `Content-Length: +${SMUGGLED.length}`, SMUGGLED],
  ["a length in hexadecimal", `Content-Length: 0x${hex(SMUGGLED)}`, SMUGGLED],
  ["a negative length", `Content-Length: -1`, SMUGGLED],
  ["an endless length", `Content-Length: 99999999999999999999`, SMUGGLED],
  [
    "chunked with a space before the colon",
    `Content-Length: ${CHUNKS.length}\r\nTransfer-Encoding : chunked`,
    CHUNKS,
  ],
  ["chunked behind a tab", `Content-Length: ${CHUNKS.length}\r\nTransfer-Encoding:\tchunked`, CHUNKS],
  ["chunked, misspelt", `Content-Length: ${CHUNKS.length}\r\nTransfer-Encoding: xchunked`, CHUNKS],
  [
    "chunked and identity",
    `Content-Length: ${CHUNKS.length}\r\nTransfer-Encoding: chunked, identity`,
    CHUNKS,
  ],
  [
    "chunked twice",
    `Content-Length: ${CHUNKS.length}\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity`,
    CHUNKS,
  ],
  ["chunked, folded", `Content-Length: ${CHUNKS.length}\r\nTransfer-Encoding:\r\n chunked`, CHUNKS],
  ["chunked by an alias", `Content-Length: ${CHUNKS.length}\r\nTransfer_Encoding: chunked`, CHUNKS],
  ["a chunk of a broken size", "Transfer-Encoding: chunked", `5;\n\nhello\r\n0\r\n\r\n${SMUGGLED}`],
  ["a chunk of an overflowing size", "Transfer-Encoding: chunked", `fffffffffffffffff\r\n${SMUGGLED}`],
];

describe("a request of two lengths", () => {
  it.each(ambiguous)(
    "(%s) is refused or read in one way, and nobody else gets its rest",
    async (how, head, body) => {
      const victims = await Promise.all([signUp(), signUp()]);
      const request = `POST /authentication/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${head}\r\n\r\n${body}`;
      const attacks = Array.from({ length: 5 }, () =>
        sendRaw(url, ca, request, { ...address(), timeout: 1_000 }),
      );
      const answers = await Promise.all(attacks);
      // Traefik itself answers 500 to chunks that cannot be read; the connection ends with it.
      const refusals = how.startsWith("a chunk of") ? [400, 500] : [0, 400, 401, 408, 413, 415, 501];
      for (const answer of answers) {
        expect(refusals).toContain(answer.status);
        // The rest may be a request of the attacker's own on the attacker's own connection, after the first is answered.
        expect(countAnswers(answer)).toBeLessThanOrEqual(2);
      }
      for (const victim of victims) await expectUndisturbed(victim);
    },
  );
});

describe("methods that are none of HTTP's own here", () => {
  it.each(["TRACE", "CONNECT", "PRI", "get", "FOO", "GET\t", "M-SEARCH"])("%s is refused", async (method) => {
    const request = `${method} /authentication/whoami HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
    expect([400, 404, 405, 501]).toContain((await sendRaw(url, ca, request, address())).status);
  });
});

describe("an odd head", () => {
  it.each([
    ["no Host", "GET /orders HTTP/1.1\r\nConnection: close\r\n\r\n"],
    ["two Hosts", "GET /orders HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n"],
    ["a Host with a path", "GET /orders HTTP/1.1\r\nHost: a/b\r\nConnection: close\r\n\r\n"],
    ["a Host with a user", "GET /orders HTTP/1.1\r\nHost: user@orders\r\nConnection: close\r\n\r\n"],
    ["HTTP/1.0", "GET /orders HTTP/1.0\r\n\r\n"],
    ["HTTP/0.9", "GET /orders\r\n\r\n"],
    ["HTTP/3.0 in words", "GET /orders HTTP/3.0\r\nHost: localhost\r\n\r\n"],
    [
      "an upgrade to h2c",
      "GET /orders HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
    ],
    [
      "a websocket",
      "GET /orders HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n",
    ],
    [
      "thousands of cookies",
      `GET /orders HTTP/1.1\r\nHost: localhost\r\nCookie: ${"a;".repeat(4000)}\r\nConnection: close\r\n\r\n`,
    ],
    [
      "a thousand headers",
      `GET /orders HTTP/1.1\r\nHost: localhost\r\n${"A: b\r\n".repeat(1000)}Connection: close\r\n\r\n`,
    ],
    [
      "an expectation",
      "GET /orders HTTP/1.1\r\nHost: localhost\r\nExpect: 200-maybe\r\nConnection: close\r\n\r\n",
    ],
    [
      "a range",
      "GET /orders HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-0,-1,1-\r\nConnection: close\r\n\r\n",
    ],
    [
      "a query of odd signs",
      "GET /orders?a=%&b=%zz&;c&%00 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    ],
    ["a query with a space", "GET /orders?a= b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"],
  ])("(%s) gets a refusal and no error of the server", async (_how, request) => {
    const { status } = await sendRaw(url, ca, request, { ...address(), timeout: 5_000 });
    expect([0, 400, 401, 404, 417, 431, 505]).toContain(status);
  });
});

describe("streams that are reset as soon as they are opened", () => {
  it("do not keep others from being served", async () => {
    const victim = await signUp();
    await Promise.all(Array.from({ length: 4 }, () => resetStreams(500)));
    await expectUndisturbed(victim);
  });
});

/** Opens streams on one HTTP/2 connection and resets each at once (CVE-2023-44487); the gateway may hang up. */
function resetStreams(count: number): Promise<void> {
  return new Promise((resolve) => {
    const session = connectHttp2(url, { ca, servername: "localhost" });
    session.on("error", () => undefined).on("close", () => resolve());
    session.on("connect", () => {
      for (let opened = 0; opened < count && !session.destroyed; opened++) {
        const stream = session.request({ ":path": "/products" });
        stream.on("error", () => undefined);
        stream.close(8);
      }
      setTimeout(() => session.destroy(), 500);
    });
  });
}

async function expectUndisturbed({ client, id, username }: SignedIn): Promise<void> {
  const answers = await Promise.all(Array.from({ length: 5 }, () => client.get("/authentication/whoami")));
  for (const { status, json } of answers) expect([status, json]).toEqual([200, { id, username }]);
}

/** Every attack comes from an address of its own where that can be, so that the limits do not answer first. */
function address(): { localAddress?: string } {
  return isLoopback(url) && process.platform === "linux" ? { localAddress: loopbackAddress() } : {};
}
