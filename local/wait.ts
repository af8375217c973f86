import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { HOST } from "./ports.ts";

/** Asks again and again until the answer is true. @throws Error that names what was waited for, after the timeout */
export async function waitFor(what: string, timeout: number, ask: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + timeout;
  while (!(await ask())) {
    if (Date.now() > deadline) throw new Error(`${what} did not happen within ${timeout / 1000} s`);
    await sleep(50);
  }
}

/** Resolves when something accepts connections on a local port. */
export function waitForPort(port: number, timeout: number): Promise<void> {
  return waitFor(`a connection to port ${port}`, timeout, () => connects(port));
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: HOST });
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** The end of a log, for a message. */
export function lastLines(log: string): string {
  return readFileSync(log, "utf8").trim().split("\n").slice(-3).join("\n");
}
