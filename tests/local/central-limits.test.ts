import { expect, it } from "vitest";
import { describeRun } from "../limits/describe.ts";
import { runLimits } from "../limits/run.ts";

/** `npm run test:limits` is the long run, with Redis too. */
it(
  "central limits hold across gateways, clocks and restarts of gateway and store",
  { timeout: 120_000 },
  async () => {
    const figures = await runLimits({ seconds: 8 });
    console.log(describeRun("the database", figures));
    expect(figures.worst).toBeLessThanOrEqual(1.05);
    expect(figures.allowed).toBeGreaterThan(20);
    expect(figures.refused).toBeGreaterThan(20);
  },
);
