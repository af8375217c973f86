import { setTimeout as sleep } from "node:timers/promises";
import { inject } from "vitest";
import type { SignedIn } from "./client.ts";
import { signUp } from "./client.ts";

export interface LoadResult {
  readonly requests: number;
  /** What was not answered with 200, as `GET /orders 502` or `GET /orders ECONNRESET`. */
  readonly failures: readonly string[];
}

/** Steady reading by several signed-in users at once, until stopped. */
export interface Load {
  /** Requests that have been begun. */
  readonly requests: () => number;
  stop(): Promise<LoadResult>;
}

const PATHS = ["/authentication/whoami", "/products", "/orders"] as const;

/**
 * Starts the load. Every user has a source address, and so a bucket, of its own, and asks slowly enough never to
 * meet the limit.
 */
export async function startLoad({
  users = 24,
  pause = 250,
  outputs = inject("outputs"),
} = {}): Promise<Load> {
  const signedIn: SignedIn[] = [];
  for (let count = 0; count < users; count++) signedIn.push(await signUp(outputs));

  const failures: string[] = [];
  let requests = 0;
  let stopped = false;
  const loops = signedIn.map(async ({ client }, index) => {
    for (let turn = index; !stopped; turn++) {
      const path = PATHS[turn % PATHS.length] ?? PATHS[0];
      requests += 1;
      try {
        const { status } = await client.get(path);
        if (status !== 200) failures.push(`GET ${path} ${status}`);
      } catch (error) {
        failures.push(`GET ${path} ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
      }
      await sleep(pause);
    }
  });
  return {
    requests: () => requests,
    async stop() {
      stopped = true;
      await Promise.all(loops);
      return { requests, failures };
    },
  };
}
