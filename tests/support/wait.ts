import { setTimeout as sleep } from "node:timers/promises";

/** Asks until the answer is neither false nor undefined, and returns it. */
export async function eventually<T>(
  what: string,
  ask: () => T | false | undefined | Promise<T | false | undefined>,
  timeout = 20_000,
): Promise<T> {
  const deadline = Date.now() + timeout;
  for (;;) {
    const answer = await ask();
    if (answer !== false && answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`${what} did not happen within ${timeout / 1000} s`);
    await sleep(50);
  }
}
