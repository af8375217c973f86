import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { LocalError } from "./error.ts";

export const HOST = "127.0.0.1";

/** Some free ports, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listen(0)));
  return Promise.all(servers.map((server) => server.release()));
}

/**
 * A port that is free now: the wanted one, or any for 0.
 * @throws LocalError where the wanted port is taken, which names the flag that chooses another
 */
export async function claimPort(wanted: number, flag: string): Promise<number> {
  try {
    return await (await listen(wanted)).release();
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === "EACCES" ? "needs more rights" : "is taken";
    throw new LocalError(
      `port ${wanted} ${reason}: stop what uses it, or choose another with ${flag} PORT (0: any free one)`,
    );
  }
}

async function listen(port: number): Promise<{ release(): Promise<number> }> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, HOST, resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return { release: () => new Promise((resolve) => server.close(() => resolve(bound))) };
}
