import { randomBytes, randomUUID } from "node:crypto";
import type { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../tests/support/wait.ts";
import { connect } from "./connection.ts";
import type { Instant } from "./instant.ts";
import { openInstant } from "./instant.ts";
import { administrator, scratchDatabase } from "./testing.ts";

let products: Awaited<ReturnType<typeof scratchDatabase>>;
let orders: typeof products;
beforeAll(async () => {
  products = await scratchDatabase(
    "create table purchases (id uuid primary key, delivered boolean not null default false)",
  );
  orders = await scratchDatabase("create table orders (id uuid primary key)");
});
afterAll(async () => {
  await products.drop();
  await orders.drop();
});

/** One purchase as the services make it: bought, then ordered, then noted as ordered. */
async function buy(inProducts: Client, inOrders: Client): Promise<void> {
  const id = randomUUID();
  await inProducts.query("insert into purchases (id) values ($1)", [id]);
  await inOrders.query("insert into orders (id) values ($1)", [id]);
  await inProducts.query("update purchases set delivered = true where id = $1", [id]);
}

interface Books {
  /** Orders that nobody bought. */
  readonly invented: string[];
  /** Purchases that count as delivered and have no order: nobody would ever order them again. */
  readonly lost: string[];
}

async function booksOf(inProducts: Client, inOrders: Client): Promise<Books> {
  const idsOf = async (client: Client, query: string) =>
    (await client.query<{ id: string }>(query)).rows.map(({ id }) => id);
  const purchases = new Set(await idsOf(inProducts, "select id from purchases"));
  const delivered = await idsOf(inProducts, "select id from purchases where delivered");
  const placed = new Set(await idsOf(inOrders, "select id from orders"));
  return {
    invented: [...placed].filter((id) => !purchases.has(id)),
    lost: delivered.filter((id) => !placed.has(id)),
  };
}

const booksAt = ({ snapshots: [one, other] }: Instant) => {
  if (one === undefined || other === undefined) throw new Error("two databases were asked for");
  return booksOf(one.client, other.client);
};

describe("snapshots one after the other", () => {
  it.each([
    ["products first, has an order that nobody bought", ["products", "orders"], { invented: 1, lost: 0 }],
    ["orders first, has lost an order", ["orders", "products"], { invented: 0, lost: 1 }],
  ] as const)("%s", async (_what, order, expected) => {
    const readers = {
      products: await connect(administrator, products.name),
      orders: await connect(administrator, orders.name),
    };
    const snapshot = async (name: (typeof order)[number]) => {
      await readers[name].query("begin isolation level repeatable read read only");
      await readers[name].query("select 1");
    };
    await snapshot(order[0]);
    await buy(products.client, orders.client);
    await snapshot(order[1]);
    const { invented, lost } = await booksOf(readers.products, readers.orders);
    expect({ invented: invented.length, lost: lost.length }).toEqual(expected);
    await readers.products.end();
    await readers.orders.end();
  });
});

describe("an instant", () => {
  it("is the same in all databases, however busy writers are", async () => {
    let stopped = false;
    const buyers = Array.from({ length: 4 }, async () => {
      const mine = [await connect(administrator, products.name), await connect(administrator, orders.name)];
      const [inProducts, inOrders] = mine as [Client, Client];
      let bought = 0;
      for (; !stopped; bought++) await buy(inProducts, inOrders);
      await Promise.all(mine.map((client) => client.end()));
      return bought;
    });
    let purchases = 0;
    for (let round = 0; round < 8; round++) {
      const instant = await openInstant(administrator, [products.name, orders.name]);
      expect(await booksAt(instant)).toEqual({ invented: [], lost: [] });
      const seen = await instant.snapshots[0]?.client.query("select id from purchases");
      expect(seen?.rowCount).toBeGreaterThanOrEqual(purchases);
      purchases = seen?.rowCount ?? 0;
      await instant.close();
    }
    stopped = true;
    const bought = (await Promise.all(buyers)).reduce((sum, count) => sum + count);
    expect(bought).toBeGreaterThanOrEqual(8);
  });

  it("holds nobody up once it is open, and goes on showing what was then", async () => {
    const instant = await openInstant(administrator, [products.name, orders.name]);
    const before = await instant.snapshots[0]?.client.query("select id from purchases");
    await buy(products.client, orders.client);
    const after = await instant.snapshots[0]?.client.query("select id from purchases");
    expect(after?.rowCount).toBe(before?.rowCount);
    await instant.close();
  });

  it("waits for nobody: what a transaction writes that has not ended is not in it", async () => {
    const slow = await connect(administrator, products.name);
    await slow.query("begin");
    await slow.query("insert into purchases (id) values ($1)", [randomUUID()]);
    const instant = await openInstant(administrator, [products.name, orders.name]);
    await slow.query("commit");
    expect(await booksAt(instant)).toEqual({ invented: [], lost: [] });
    const rows = async ([snapshot]: Instant["snapshots"]) =>
      (await snapshot?.client.query("select id from purchases"))?.rowCount ?? 0;
    const later = await openInstant(administrator, [products.name, orders.name]);
    expect(await rows(later.snapshots)).toBe((await rows(instant.snapshots)) + 1);
    await Promise.all([instant.close(), later.close(), slow.end()]);
  });

  it("needs no right but to read", async () => {
    const reader = `reader_${randomBytes(6).toString("hex")}`;
    await products.client.query(`create role ${reader}`);
    for (const { client } of [products, orders])
      await client.query(`grant select on all tables in schema public to ${reader}`);
    const url = new URL(administrator.DATABASE_URL);
    url.searchParams.set("options", `-c role=${reader}`);
    const instant = await openInstant({ ...administrator, DATABASE_URL: url.href }, [
      products.name,
      orders.name,
    ]);
    expect(await booksAt(instant)).toEqual({ invented: [], lost: [] });
    await instant.close();
    for (const { client } of [products, orders]) await client.query(`drop owned by ${reader}`);
    await products.client.query(`drop role ${reader}`);
  });

  it("leaves no connection behind where a database is missing", async () => {
    const opening = openInstant(administrator, [products.name, "nowhere"]);
    await expect(opening).rejects.toThrow('there is no database "nowhere"');
    const others =
      "select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    await eventually(
      "the end of every connection",
      async () => (await products.client.query(others)).rowCount === 0,
    );
  });
});
