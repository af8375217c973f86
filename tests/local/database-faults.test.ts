import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { REQUESTS_PER_ROUTE } from "../../gateway/overload.ts";
import type { Answer, SignedIn } from "../support/client.ts";
import { signUp } from "../support/client.ts";
import { connectAsAdministrator, familyOf, queryAsAdministrator } from "../support/database.ts";
import type { TestPlatform } from "../support/platform.ts";
import { startTestPlatform } from "../support/platform.ts";
import { pidOf } from "../support/processes.ts";
import { seededProducts } from "../../services/products/seed.ts";
import { eventually } from "../support/wait.ts";

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

const isRefusal = ({ status, headers }: Answer) => status === 503 && Number(headers["retry-after"]) >= 1;

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
      const accepted: string[] = [];
      let stopped = false;
      const others = new Map<number, number>();
      const buyers = users.map(async ({ client }) => {
        while (!stopped) {
          const answer = await client.post(`/products/${PRODUCT}/buy`).catch(() => undefined);
          if (answer?.status === 201 || answer?.status === 202)
            accepted.push((answer.json as { id: string }).id);
          else others.set(answer?.status ?? 0, (others.get(answer?.status ?? 0) ?? 0) + 1);
          await sleep(20);
        }
      });
      const cuts = await cutConnections(30);
      stopped = true;
      await Promise.all(buyers);

      const { orders, purchases, stock } = await eventually("all orders", async () => {
        const books = await booksOf(PRODUCT);
        return books.undelivered === 0 ? books : undefined;
      });
      console.log(
        `${cuts} connections cut: ${accepted.length} buys accepted, ` +
          `others ${JSON.stringify([...others])}, ${orders.length} orders`,
      );
      expect(cuts).toBeGreaterThan(0);
      expect(new Set(orders).size).toBe(orders.length);
      expect(orders).toEqual(purchases);
      expect(orders).toEqual(expect.arrayContaining(accepted));
      expect(stock.taken).toBe(orders.length);
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

  async function booksOf(product: string) {
    const rows = <R extends object>(database: string, sql: string) =>
      queryAsAdministrator<R>(database, sql, [product], platform.state);
    const ids = (found: { id: string }[]) => found.map(({ id }) => id).sort();
    const purchases = await rows<{ id: string; delivered_at: Date | null }>(
      "products",
      "select id, delivered_at from purchases where product_id = $1",
    );
    const [left] = await rows<{ stock: number }>("products", "select stock from products where id = $1");
    return {
      purchases: ids(purchases),
      undelivered: purchases.filter((purchase) => purchase.delivered_at === null).length,
      orders: ids(await rows("orders", "select id from orders where product_id = $1")),
      stock: { taken: (seededProducts.find(({ id }) => id === product)?.stock ?? 0) - (left?.stock ?? 0) },
    };
  }
});
