import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createLogger } from "../../shared/logging.ts";
import type { Step } from "./gcra.ts";
import { step } from "./gcra.ts";
import type { Decision, StoreFailure } from "./limiter.ts";
import { createLimiter } from "./limiter.ts";
import { BucketMemory } from "./memory.ts";
import type { LimitStore, Take } from "./store.ts";

const SECOND = 1_000_000;
const policy = { name: "test", requestsPerMinute: 20, burst: 40 };

/** A store whose clock is the test's, which can fail, hang and forget. */
class TestStore implements LimitStore {
  mode: "well" | "failing" | "hanging" = "well";
  asked = 0;
  now = 0;
  readonly #fullAt = new Map<string, number>();

  async take({ key, bucket, cost, floor }: Take): Promise<Step> {
    this.asked += 1;
    if (this.mode === "failing") throw new Error("the store is gone");
    if (this.mode === "hanging") await sleep(60_000, undefined, { ref: false });
    const result = step(bucket, Math.max(floor, (this.#fullAt.get(key) ?? 0) - this.now), cost);
    if (result.allowed) this.#fullAt.set(key, this.now + result.level);
    return result;
  }

  forget(): void {
    this.#fullAt.clear();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

interface Options {
  readonly processes?: number;
  readonly storeFailure?: StoreFailure;
}

/** Several processes that ask one store; time is the test's for all of them. */
function platform({ processes = 2, storeFailure = "local" }: Options = {}) {
  const store = new TestStore();
  const decisions: Decision[] = [];
  const limiters = Array.from({ length: processes }, () =>
    createLimiter({
      store,
      memory: new BucketMemory(100, () => store.now),
      policies: new Map([[policy.name, policy]]),
      storeFailure,
      processes,
      timeout: 50,
      logger: createLogger("test", "silent"),
      observe: (decision) => decisions.push(decision),
    }),
  );
  /** How many of so many requests, spread over all processes, are allowed. */
  const ask = async (count: number, client = "user a", over = limiters) => {
    let allowed = 0;
    for (let turn = 0; turn < count; turn++) {
      const verdict = await over[turn % over.length]?.take(client, policy.name);
      if (verdict?.allowed) allowed += 1;
    }
    return allowed;
  };
  return { store, decisions, limiters, ask };
}

describe("the limiter", () => {
  it("counts for all processes together", async () => {
    const { store, ask } = platform({ processes: 3 });
    expect(await ask(120)).toBe(40);
    store.now += 30 * SECOND;
    expect(await ask(120)).toBe(10);
  });

  it("keeps clients and policies apart, and knows no policy that the catalog has not", async () => {
    const { ask, limiters } = platform();
    expect(await ask(50, "user a")).toBe(40);
    expect(await ask(50, "user b")).toBe(40);
    await expect(limiters[0]?.take("user a", "other")).rejects.toMatchObject({ code: "validation_failed" });
  });

  it("does not ask the store about a client who is known to have nothing left", async () => {
    const { store, ask, limiters } = platform();
    await ask(40, "user a", limiters.slice(0, 1));
    const before = store.asked;
    expect(await ask(1000, "user a", limiters.slice(0, 1))).toBe(0);
    expect(store.asked).toBe(before);
    store.now += 3 * SECOND;
    expect(await ask(10, "user a", limiters.slice(0, 1))).toBe(1);
  });

  it("tells whoever counts what it decided, and whether without the store", async () => {
    const { store, decisions, ask } = platform({ processes: 1 });
    await ask(41);
    store.mode = "failing";
    store.now += 3 * SECOND;
    await ask(1);
    expect(decisions.filter(({ outcome }) => outcome === "allowed")).toHaveLength(41);
    expect(decisions.slice(40)).toEqual([
      { policy: "test", outcome: "refused", degraded: false },
      { policy: "test", outcome: "allowed", degraded: true },
    ]);
  });
});

describe("without a store", () => {
  it.each([1, 2, 3, 7])("%d processes together admit no more than the limit", async (processes) => {
    const { store, ask } = platform({ processes });
    store.mode = "failing";
    const first = await ask(60 * processes);
    expect(first).toBeLessThanOrEqual(40);
    expect(first).toBeGreaterThan(40 - processes);
    store.now += 60 * SECOND;
    expect(await ask(60 * processes)).toBeLessThanOrEqual(20 + 40 - first);
  });

  it("a client who used up the limit before has used it up", async () => {
    const { store, ask } = platform();
    expect(await ask(50)).toBe(40);
    store.mode = "failing";
    expect(await ask(50)).toBe(0);
    store.now += 12 * SECOND;
    expect(await ask(50)).toBe(4);
  });

  it("what was admitted counts when the store is there again, even if it has forgotten all", async () => {
    const { store, ask } = platform();
    expect(await ask(10)).toBe(10);
    store.mode = "failing";
    expect(await ask(100)).toBe(30);
    store.mode = "well";
    store.forget();
    await sleep(1_100);
    // A process does not know of the last request if the other one took it.
    expect(await ask(100)).toBeLessThanOrEqual(1);
    store.now += 30 * SECOND;
    expect(await ask(100)).toBe(10);
  });

  it("that only hangs, a request waits for it a bounded time, and after three the next wait no more", async () => {
    const { store, ask } = platform({ processes: 1 });
    store.mode = "hanging";
    await ask(3);
    const before = store.asked;
    expect(await ask(20)).toBe(20);
    expect(store.asked).toBe(before);
  });

  it.each([
    ["open" as const, 200],
    ["closed" as const, "unavailable"],
  ])("failure %s gives %s", async (storeFailure, expected) => {
    const { store, ask } = platform({ storeFailure });
    store.mode = "failing";
    const answer = await ask(200).catch((error: unknown) => (error as { code: string }).code);
    expect(answer).toBe(expected);
  });
});

describe("the memory", () => {
  it("keeps the buckets that were used last", () => {
    const memory = new BucketMemory(2, () => 0);
    const bucket = { interval: 1, full: 10 };
    for (const key of ["a", "b", "a", "c"]) memory.remember(key, bucket, 5, 0);
    expect([...memory.known()].map(({ key }) => key)).toEqual(["a", "c"]);
    expect(memory.level("b")).toBe(0);
  });

  it("never takes a level back", () => {
    const memory = new BucketMemory(2, () => 0);
    memory.remember("a", { interval: 1, full: 10 }, 7, 0);
    memory.remember("a", { interval: 1, full: 10 }, 3, 0);
    expect(memory.level("a")).toBe(7);
  });
});
