import { describe, expect, it } from "vitest";
import { catalog } from "../../services/catalog.ts";
import { expectJson, signUp } from "../support/client.ts";
import { startLoad } from "../support/load.ts";
import { isAlive, killReplica, pidOf, servings } from "../support/processes.ts";
import { eventually } from "../support/wait.ts";

describe("a replica that is killed under load", () => {
  it("is replaced, and no client sees a failure", { timeout: 120_000 }, async () => {
    const load = await startLoad();
    for (const service of Object.keys(catalog)) {
      const name = `${service}-1`;
      await killReplica(name);
    }
    await eventually("enough load", () => load.requests() > 200);
    const { requests, failures } = await load.stop();
    console.log(
      `kill -9 of ${Object.keys(catalog).length} replicas: ${failures.length} of ${requests} requests failed`,
    );
    expect(failures).toEqual([]);
  });
});

describe("GET /orders/fail", () => {
  it(
    "leads to three failed checks and one restart, while the others serve",
    { timeout: 120_000 },
    async () => {
      const load = await startLoad({ users: 8, pause: 900 });
      const before = ["orders-1", "orders-2"].map((name) => pidOf(name));
      const served = servings("orders-1") + servings("orders-2");
      const { client } = await signUp();
      expectJson(await client.get("/orders/fail"), 200);
      const start = Date.now();
      await eventually("a restart", () => before.some((pid) => !isAlive(pid)), 60_000);
      await eventually(
        "the new process serving",
        () => servings("orders-1") + servings("orders-2") === served + 1,
      );
      const after = ["orders-1", "orders-2"].map((name) => pidOf(name));
      expect(after.filter((pid) => !before.includes(pid))).toHaveLength(1);
      const { requests, failures } = await load.stop();
      console.log(
        `orders restarted ${((Date.now() - start) / 1000).toFixed(0)} s after /orders/fail: ${failures.length} of ${requests} requests failed`,
      );
      expect(failures).toEqual([]);
    },
  );
});

describe("an authentication process that restarts", () => {
  it("goes on refusing tokens that were logged out before", async () => {
    const { client } = await signUp();
    const headers = { authorization: `Bearer ${client.cookies.get("jwt") ?? ""}` };
    await client.post("/authentication/logout");
    for (const name of ["authentication-1", "authentication-2"]) {
      await killReplica(name);
    }
    for (let tries = 0; tries < 6; tries++) {
      expect((await client.get("/authentication/whoami", { headers })).status).toBe(401);
    }
  });
});
