import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { REQUESTS_PER_ROUTE } from "../../gateway/overload.ts";
import type { Answer, SignedIn } from "../support/client.ts";
import { signUp } from "../support/client.ts";
import { connectAsAdministrator, familyOf, queryAsAdministrator } from "../support/database.ts";
import type { TestPlatform } from "../support/platform.ts";
import { startTestPlatform } from "../support/platform.ts";
import { pidOf } from "../support/processes.ts";
import { eventually } from "../support/wait.ts";
import { Buyers, isRefusal } from "./buyers.ts";

const PRODUCT = "filter-paper";
const SECONDS = 1000;

/** A platform of their own, and several users, for a limit is per source. */
let platform: TestPlatform;
let users: SignedIn[];
beforeAll(async () => {
  platform = await startTestPlatform();
  users = [];
  for (let count = 0; count < 4; count++) users.push(await signUp(platform.outputs));
});
afterAll(() => platform.stop());

/** The same request by the users in turn, all at once. */
const ask = (count: number, send: (user: SignedIn) => Promise<Answer>) =>
  Array.from({ length: count }, (_, index) => send(users[index % users.length] as SignedIn));

async function expectAllServed(): Promise<void> {
  await eventually("all being served again", async () => {
    const answers = await Promise.all(ask(users.length, ({ client }) => client.get("/orders")));
    return answers.every(({ status }) => status === 200);
  });
}

describe("a slow database", () => {
  it("fills a route's room, beyond which the gateway refuses at once, and other routes go on", async () => {
    const holder = await connectAsAdministrator("orders", platform.state);
    await holder.query("begin; lock table orders in access exclusive mode");
    const more = 20;
    const answers: Answer[] = [];
    const all = ask(REQUESTS_PER_ROUTE + more, async ({ client }) => {
      const answer = await client.get("/orders");
      answers.push(answer);
      return answer;
    });
    await eventually("refusals", () => answers.length >= more);
    const [{ client }] = users as [SignedIn];
    expect((await client.get("/products")).status).toBe(200);
    await holder.query("rollback");
    await holder.end();

    const statuses = await Promise.all(all);
    expect(statuses.filter(({ status }) => status !== 200).every(isRefusal)).toBe(true);
    expect(answers.slice(0, more).map(({ text }) => text)).toEqual(
      Array.from({ length: more }, () => "Service Unavailable"),
    );
    await expectAllServed();
  });
});

describe.runIf(process.platform === "linux")("a database that falls silent", () => {
  it(
    "gives 503 with Retry-After in bounded time, and serves again once it speaks",
    { timeout: 60_000 },
    async () => {
      const family = familyOf(pidOf("postgres", platform.state));
      for (const pid of family) process.kill(pid, "SIGSTOP");
      const start = performance.now();
      let answers: Answer[];
      try {
        answers = await Promise.all(ask(8, ({ client }) => client.get("/orders")));
      } finally {
        for (const pid of family) process.kill(pid, "SIGCONT");
      }
      const seconds = (performance.now() - start) / SECONDS;
      expect(answers.map(isRefusal)).toEqual(answers.map(() => true));
      // A connection's time and a query's, and as much again for a crowded machine.
      expect(seconds).toBeLessThan(2 * (3 + 6));
      const spoke = performance.now();
      await expectAllServed();
      const recovery = ((performance.now() - spoke) / SECONDS).toFixed(1);
      console.log(
        `silent database: 503 after ${seconds.toFixed(1)} s, serves again ${recovery} s after it spoke`,
      );
    },
  );
});

describe("a connection that is cut about a commit", () => {
  it(
    "leaves each buy that was answered exactly one order, and none without stock",
    { timeout: 60_000 },
    async () => {
      const buyers = new Buyers(users, PRODUCT);
      const cuts = await cutConnections(30);
      await buyers.stop();

      const orders = await buyers.expectEachOneOrder(platform.state);
      const { accepted, others } = buyers;
      console.log(
        `${cuts} connections cut: ${accepted.length} buys accepted, ` +
          `others ${JSON.stringify([...others])}, ${orders} orders`,
      );
      expect(cuts).toBeGreaterThan(0);
      expect([...others.keys()].filter((status) => status !== 503)).toEqual([]);
    },
  );

  /** Ends sessions of the two services wherever they are, the committing ones among them. @returns how many */
  async function cutConnections(times: number): Promise<number> {
    let cuts = 0;
    for (let time = 0; time < times; time++) {
      const sql = `select pg_terminate_backend(pid) from pg_stat_activity
        where application_name in ('products', 'orders') and (state <> 'idle' or random() < 0.1)`;
      cuts += (await queryAsAdministrator("postgres", sql, [], platform.state)).length;
      await sleep(100);
    }
    return cuts;
  }
});
