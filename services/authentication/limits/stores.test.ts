import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLogger } from "../../shared/logging.ts";
import { testDatabase } from "../../shared/testing.ts";
import type { AuthenticationDatabase } from "../database.ts";
import { migrations } from "../migrations.ts";
import { databaseLimitStore } from "./database-store.ts";
import { BucketMemory } from "./memory.ts";
import { redisLimitStore } from "./redis-store.ts";
import type { LimitStore, Take } from "./store.ts";

const SECOND = 1_000_000;
/** A rate at which nothing comes back during a test. */
const slow = { interval: 600 * SECOND, full: 50 * 600 * SECOND };

interface TestedStore {
  /** As many stores over the same buckets as there are processes. */
  readonly stores: readonly LimitStore[];
  /** Writes a theoretical arrival time: so far from the store's clock. */
  set(key: string, fromNow: number): Promise<void>;
  stop(): Promise<void>;
}

/** What a store must do, whichever it is. */
function behavesAsStore(start: () => Promise<TestedStore>): void {
  let tested: TestedStore | undefined;
  beforeAll(async () => {
    tested = await start();
  });
  afterAll(() => tested?.stop());

  interface Options extends Partial<Omit<Take, "key">> {
    readonly process?: number;
  }
  const take = (
    key: string,
    { bucket = slow, cost = bucket.interval, floor = 0, process = 0 }: Options = {},
  ) => (tested?.stores[process] as LimitStore).take({ key, bucket, cost, floor });

  it("admits exactly the burst of requests that come at once from several processes", async () => {
    const steps = await Promise.all(
      Array.from({ length: 130 }, (_, turn) => take("burst", { process: turn % 2 })),
    );
    expect(steps.filter(({ allowed }) => allowed)).toHaveLength(50);
    for (const { level } of steps) expect(level).toBeLessThanOrEqual(slow.full);
  });

  it("says the level of a bucket, of a refused request too", async () => {
    expect(await take("level")).toEqual({ allowed: true, level: slow.interval });
    const { level } = await take("level");
    expect(level).toBeGreaterThan(1.9 * slow.interval);
    expect(level).toBeLessThanOrEqual(2 * slow.interval);
    await tested?.set("nothing left", slow.full);
    const refused = await take("nothing left");
    expect(refused.allowed).toBe(false);
    expect(refused.level).toBeGreaterThan(0.99 * slow.full);
  });

  it("gives back as time goes by its own clock", async () => {
    const bucket = { interval: 0.2 * SECOND, full: SECOND };
    await tested?.set("time", SECOND);
    expect((await take("time", { bucket })).allowed).toBe(false);
    const start = performance.now();
    while (!(await take("time", { bucket })).allowed) await sleep(5);
    expect(performance.now() - start).toBeGreaterThan(150);
  });

  it("takes what a process knows for the least, and is told without a request being counted", async () => {
    const floor = 49 * slow.interval;
    expect(await take("known", { cost: 0, floor })).toEqual({ allowed: true, level: floor });
    expect((await take("known")).allowed).toBe(true);
    expect((await take("known")).allowed).toBe(false);
  });

  it("is not moved back by a process that knows less", async () => {
    await tested?.set("less", slow.full);
    expect((await take("less", { floor: 5 * slow.interval })).allowed).toBe(false);
  });

  it("takes several at once", async () => {
    await take("several", { cost: 49 * slow.interval });
    expect((await take("several", { cost: 2 * slow.interval })).allowed).toBe(false);
    expect((await take("several")).allowed).toBe(true);
  });

  it("begins anew with a bucket that a clock which was set back, or a larger limit, has left", async () => {
    await tested?.set("future", 10 * slow.full);
    expect(await take("future")).toEqual({ allowed: true, level: slow.interval });
  });
}

describe("the store in the database", () => {
  behavesAsStore(async () => {
    const { db, drop } = await testDatabase<AuthenticationDatabase>(migrations, "read committed");
    return {
      stores: [databaseLimitStore(db), databaseLimitStore(db)],
      async set(key, fromNow) {
        await sql`insert into rate_limits (key, tat)
          values (${key}, (extract(epoch from now()) * 1000000)::int8 + ${fromNow}::int8)`.execute(db);
      },
      stop: drop,
    };
  });
});

const redis = spawnSync("redis-server", ["--version"]).status === 0;

const inRedis = redis
  ? "the store in Redis"
  : "the store in Redis, left out for there is no redis-server on PATH";

describe.runIf(redis)(inRedis, () => {
  behavesAsStore(async () => {
    const server = await startRedis();
    const stores = [server.store(), server.store()];
    await Promise.all(stores.map(isConnected));
    return {
      stores,
      async set(key, fromNow) {
        await stores[0]?.take({ key, bucket: { interval: 1, full: fromNow }, cost: fromNow, floor: 0 });
      },
      async stop() {
        for (const store of stores) await store.close();
        await server.stop();
      },
    };
  });

  it(
    "is told what it forgot when it was restarted, before it is asked again",
    { timeout: 30_000 },
    async () => {
      const server = await startRedis();
      const memory = new BucketMemory(10_000);
      const store = server.store(memory);
      await isConnected(store);
      for (let client = 0; client < 1_200; client++)
        memory.remember(`client ${client}`, slow, slow.full, memory.now);
      await server.stop();
      await expect(store.take({ key: "client 0", bucket: slow, cost: 1, floor: 0 })).rejects.toThrow();

      const again = await startRedis(server.port);
      await isConnected(store);
      for (const client of [0, 499, 500, 1_199]) {
        const { allowed } = await store.take({
          key: `client ${client}`,
          bucket: slow,
          cost: slow.interval,
          floor: 0,
        });
        expect([client, allowed]).toEqual([client, false]);
      }
      await store.close();
      await again.stop();
    },
  );
});

async function isConnected(store: LimitStore): Promise<void> {
  for (;;) {
    const answer = await store
      .take({ key: "connected", bucket: slow, cost: 0, floor: 0 })
      .catch(() => undefined);
    if (answer !== undefined) return;
    await sleep(20);
  }
}

interface TestRedis {
  readonly port: number;
  store(memory?: BucketMemory): LimitStore;
  stop(): Promise<void>;
}

const password = randomBytes(16).toString("hex");

/** A Redis of its own, which keeps nothing on the disk. */
async function startRedis(port?: number): Promise<TestRedis> {
  const chosen = port ?? (await freePort());
  const options = { bind: "127.0.0.1", port: chosen, requirepass: password, save: "", appendonly: "no" };
  const flags = Object.entries(options).flatMap(([key, value]) => [`--${key}`, String(value)]);
  const server = spawn("redis-server", flags, { stdio: "ignore", cwd: tmpdir() });
  const ended = once(server, "exit");
  return {
    port: chosen,
    store: (memory = new BucketMemory(1)) =>
      redisLimitStore({
        url: `redis://127.0.0.1:${chosen}`,
        ca: undefined,
        password,
        logger: createLogger("test", "silent"),
        remembered: () => memory.known(),
      }),
    async stop() {
      server.kill("SIGKILL");
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
