import { expect, it } from "vitest";
import { createLogger } from "../../shared/logging.ts";
import { Metrics } from "../../shared/metrics.ts";
import { sample } from "../../shared/testing.ts";
import { createLimiter } from "./limiter.ts";
import { BucketMemory } from "./memory.ts";
import { countDecisions, watchStore } from "./metrics.ts";

it("the limiter's metrics tell what it decided, and whether its store answers", async () => {
  const metrics = new Metrics("authentication");
  let storeWorks = true;
  const limiter = createLimiter({
    store: {
      take: () =>
        storeWorks
          ? Promise.resolve({ allowed: true, level: 0 })
          : Promise.reject(new Error("the store is gone")),
      close: () => Promise.resolve(),
    },
    memory: new BucketMemory(10),
    policies: new Map([["test", { name: "test", requestsPerMinute: 20, burst: 1 }]]),
    storeFailure: "local",
    processes: 1,
    timeout: 1_000,
    logger: createLogger("authentication", "silent"),
    observe: countDecisions(metrics),
  });
  watchStore(metrics, limiter);
  const decided = (decision: string, degraded: boolean) =>
    sample(
      metrics,
      `gatehouse_limiter_decisions_total{policy="test",decision="${decision}",degraded="${String(degraded)}"}`,
    );

  await limiter.take("alice", "test");
  expect(await decided("allowed", false)).toBe(1);
  expect(await sample(metrics, "gatehouse_limiter_store_up")).toBe(1);

  storeWorks = false;
  for (const client of ["bob", "carol", "dave"]) await limiter.take(client, "test");
  await limiter.take("bob", "test");
  expect(await decided("allowed", true)).toBe(3);
  expect(await decided("refused", false)).toBe(1);
  expect(await sample(metrics, "gatehouse_limiter_store_up")).toBe(0);
});
