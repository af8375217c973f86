import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalog } from "../../services/catalog.ts";
import { expectJson, signUp } from "../support/client.ts";
import { startLoad } from "../support/load.ts";
import type { TestPlatform } from "../support/platform.ts";
import { startTestPlatform } from "../support/platform.ts";
import { isAlive, killReplica, pidOf, servings } from "../support/processes.ts";
import { eventually } from "../support/wait.ts";

/** A platform of their own: a request that is no idempotent one may fail when its replica dies, in other tests too. */
let platform: TestPlatform;
beforeAll(async () => {
  platform = await startTestPlatform();
});
afterAll(() => platform.stop());

describe("a replica that is killed under load", () => {
  it("is replaced, and no client sees a failure", { timeout: 120_000 }, async () => {
    const load = await startLoad(platform);
    for (const service of Object.keys(catalog)) await killReplica(`${service}-1`, platform.state);
    await eventually("enough load", () => load.requests() > 200);
    const { requests, failures } = await load.stop();
    console.log(`kill -9 of a replica of each service: ${failures.length} of ${requests} requests failed`);
    expect(failures).toEqual([]);
  });
});

describe("GET /orders/fail", () => {
  it("leads to one restart, while the others serve", { timeout: 120_000 }, async () => {
    const replicas = ["orders-1", "orders-2"];
    const pids = () => replicas.map((name) => pidOf(name, platform.state));
    const timesServed = () => replicas.reduce((sum, name) => sum + servings(name, platform.state), 0);
    const load = await startLoad({ ...platform, users: 8, pause: 900 });
    const [before, served] = [pids(), timesServed()];

    const { client } = await signUp(platform.outputs);
    expectJson(await client.get("/orders/fail"), 200);
    const start = performance.now();
    await eventually("a restart", () => before.some((pid) => !isAlive(pid)), 60_000);
    await eventually("the new process serving", () => timesServed() === served + 1);
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    expect(pids().filter((pid) => !before.includes(pid))).toHaveLength(1);

    const { requests, failures } = await load.stop();
    console.log(
      `orders serves again ${seconds} s after its drill: ${failures.length} of ${requests} requests failed`,
    );
    expect(failures).toEqual([]);
  });
});

describe("an authentication process that restarts", () => {
  it("goes on refusing tokens that were logged out before", async () => {
    const { client } = await signUp(platform.outputs);
    const headers = { authorization: `Bearer ${client.cookies.get("jwt") ?? ""}` };
    await client.post("/authentication/logout");
    for (const name of ["authentication-1", "authentication-2"]) await killReplica(name, platform.state);
    for (let tries = 0; tries < 6; tries++) {
      expect((await client.get("/authentication/whoami", { headers })).status).toBe(401);
    }
  });
});

describe.each(["gateway", "postgres"])("the %s that is killed", (name) => {
  it("is started again, and nothing is lost", { timeout: 60_000 }, async () => {
    const { client } = await signUp(platform.outputs);
    const order = expectJson(await client.post("/products/hand-grinder/buy"), 201);
    const victim = pidOf(name, platform.state);
    process.kill(victim, "SIGKILL");
    const start = performance.now();
    await eventually("another process", () => pidOf(name, platform.state) !== victim);
    const orders = await eventually("an answer", async () => {
      const answer = await client.get("/orders").catch(() => undefined);
      return answer?.status === 200 ? answer.json : undefined;
    });
    expect(orders).toEqual({ items: [order], nextCursor: null });
    console.log(`${name} serves again ${((performance.now() - start) / 1000).toFixed(1)} s after kill -9`);
  });
});
