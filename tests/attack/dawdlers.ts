import { setTimeout as sleep } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import type { Attack } from "./attack.ts";
import { hold } from "./attack.ts";
import { openSession } from "./http2.ts";
import { beginRequest, DRIP } from "./slow.ts";
import type { Target } from "./target.ts";

/** Seconds in which a request must have come, its answer have been taken, and a connection be used again. */
const SENDING = 15;
const TAKING = 60;
const IDLE = 90;
/** Seconds by which a busy gateway may be late. */
const GRACE = 5;
/** A page's script of more than a megabyte, asked for so often that no buffer on the way holds the answers. */
const LARGE = "/docs/swagger-ui-bundle.js";
const TIMES = 20;

const HEAD = "POST /authentication/login HTTP/1.1\r\nHost: localhost\r\n";
const GET = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

/** Clients who keep a connection by doing nothing, or nearly, with it, and the seconds after which each has lost it. */
const dawdlers: Readonly<Record<string, { most: number; lose: (target: Target) => Promise<unknown> }>> = {
  "a head": { most: SENDING, lose: (target) => drip(target, `${HEAD}X-Slow: `) },
  "a body": { most: SENDING, lose: (target) => drip(target, `${HEAD}Content-Length: 60000\r\n\r\n{`) },
  "a body over HTTP/2": { most: SENDING, lose: neverEndingStream },
  "an answer not taken": { most: TAKING, lose: takeNothing },
  "no further request": {
    most: IDLE,
    lose: async (target) => closed(await beginRequest(target, GET("/orders"))),
  },
};

export const dawdling: Attack = {
  family: "flood",
  threat: `who dawdles is hung up on: over a request after ${SENDING} s, over an answer after ${TAKING} s, between requests after ${IDLE} s`,
  quick: false,
  async run(target) {
    const lost = await Promise.all(
      Object.entries(dawdlers).map(async ([what, { most, lose }]) => {
        const start = performance.now();
        const patience = sleep((most + GRACE) * 1000, "kept" as const, { ref: false });
        const kept = (await Promise.race([lose(target), patience])) === "kept";
        return { what, kept, seconds: (performance.now() - start) / 1000 };
      }),
    );
    const kept = lost.filter((one) => one.kept).map(({ what }) => what);
    hold(kept.length === 0, `a connection is kept by ${kept.join(", ")}`);
    return lost.map(({ what, seconds }) => `${what}: ${seconds.toFixed(1)} s`).join(", ");
  },
};

async function drip(target: Target, begin: string): Promise<void> {
  const socket = await beginRequest(target, begin);
  const drops = setInterval(() => socket.writable && socket.write("x"), DRIP);
  await closed(socket);
  clearInterval(drops);
}

function closed(socket: TLSSocket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) resolve();
    else socket.once("close", () => resolve());
  });
}

function neverEndingStream(target: Target): Promise<void> {
  const session = openSession(target);
  const stream = session.request(
    { ":method": "POST", ":path": "/authentication/login", "content-length": 60_000 },
    { endStream: false },
  );
  stream.on("error", () => undefined).resume();
  return new Promise((resolve) => {
    stream.once("close", () => {
      session.destroy();
      resolve();
    });
  });
}

/** A client who reads nothing sees only once it reads that it was given up. Otherwise it would go on getting answers. */
async function takeNothing(target: Target): Promise<void> {
  const socket = await beginRequest(target, GET(LARGE).repeat(TIMES));
  socket.pause();
  await sleep((TAKING + GRACE / 2) * 1000);
  socket.resume();
  await closed(socket);
}
