import { hasRedis, startRedis } from "./redis.ts";
import { describeRun } from "./describe.ts";
import { runLimits } from "./run.ts";

/**
 * `npm run test:limits [seconds]`: bursts and pauses against central limits with their store in the database and, where
 * redis-server is installed, in Redis, while gateways and stores are killed.
 */
const [seconds = "120"] = process.argv.slice(2);
/** What may be allowed above burst + rate x time. */
const MOST = 1.05;

const say = (line: string) => console.log(`  ${line}`);
await run("the database", () => runLimits({ seconds: Number(seconds), say }));
if (hasRedis()) {
  await run("Redis", async () => {
    const redis = await startRedis();
    return runLimits({ seconds: Number(seconds), redis, say }).finally(() => redis.stop());
  });
} else console.log("not run with Redis: there is no redis-server on PATH");

async function run(store: string, measure: () => ReturnType<typeof runLimits>): Promise<void> {
  const figures = await measure();
  const holds = figures.worst <= MOST && figures.used > 0.5;
  console.log(`${holds ? "ok" : "FAILED"} ${describeRun(store, figures)}`);
  if (!holds) process.exitCode = 1;
}
