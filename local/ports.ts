import { createServer } from "node:net";
import { LocalError } from "./error.ts";

export const HOST = "127.0.0.1";

/**
 * Ports to choose from: below those that systems give to outgoing connections, any of which may take a port between
 * our finding it free and a process listening on it.
 */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
const MAX_TRIES = 1_000;

/**
 * Where this process looks next. A port is free only until it is used, some seconds later: processes that start at the
 * same time must not find the same ones, so each begins elsewhere, and none looks at a port twice.
 */
let next = FIRST_PORT + ((process.pid * 280) % (LAST_PORT - FIRST_PORT));

function nextPort(): number {
  next = next + 1 < LAST_PORT ? next + 1 : FIRST_PORT;
  return next;
}

/** Some free ports, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const held: HeldPort[] = [];
  try {
    for (let tries = 0; held.length < count; tries++) {
      if (tries > MAX_TRIES)
        throw new LocalError(`no ${count} ports are free on ${HOST}: stop some programs`);
      const port = await hold(nextPort()).catch(() => undefined);
      if (port !== undefined) held.push(port);
    }
  } finally {
    await Promise.all(held.map((port) => port.release()));
  }
  return held.map(({ port }) => port);
}

/**
 * A port that is free now: the wanted one, or any for 0.
 * @throws LocalError where the wanted port is taken, which names the flag that chooses another
 */
export async function claimPort(wanted: number, flag: string): Promise<number> {
  if (wanted === 0) return (await freePorts(1))[0] ?? 0;
  try {
    await (await hold(wanted)).release();
    return wanted;
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === "EACCES" ? "needs more rights" : "is taken";
    throw new LocalError(
      `port ${wanted} ${reason}: stop what uses it, or choose another with ${flag} PORT (0: any free one)`,
    );
  }
}

interface HeldPort {
  readonly port: number;
  release(): Promise<void>;
}

async function hold(port: number): Promise<HeldPort> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, HOST, resolve);
  });
  return { port, release: () => new Promise((resolve) => server.close(() => resolve())) };
}
