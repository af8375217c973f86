import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/wait.ts";
import { BuyLab } from "./buy-lab.ts";

const PRODUCT = "filter-paper";

/** One line for each pair of steps between which something dies, and how many orders there are in the end. */
describe("a buy that is cut short", () => {
  let lab: BuyLab;
  beforeAll(async () => {
    lab = await BuyLab.start();
  });
  afterAll(() => lab.stop());

  it("before its reservation is committed, has not happened", async () => {
    const unlock = await lab.lock("products", "products", `id = '${PRODUCT}'`);
    const refused = expect(lab.buy(PRODUCT)).rejects.toThrow();
    await lab.blocked("products");
    await lab.kill("products");
    await unlock();
    await refused;
    await consistent({ newOrders: 0 });
  });

  it("by the death of products before it asks for the order, becomes one order", async () => {
    lab.atGate = async () => {
      await lab.kill("products");
      return "drop";
    };
    await expect(lab.buy(PRODUCT)).rejects.toThrow();
    await consistent({ newOrders: 1 });
  });

  it("by the death of products after orders has committed, becomes one order", async () => {
    lab.atGate = async (forward) => {
      await forward();
      await lab.kill("products");
      return "drop";
    };
    await expect(lab.buy(PRODUCT)).rejects.toThrow();
    await consistent({ newOrders: 1 });
  });

  it("by the death of products before it notes the answer, becomes one order", async () => {
    let unlock = () => Promise.resolve();
    lab.atGate = async (forward) => {
      await forward();
      unlock = await lab.lock("products", "purchases", "delivered_at is null");
      return "answer";
    };
    const refused = expect(lab.buy(PRODUCT)).rejects.toThrow();
    await lab.blocked("products");
    await lab.kill("products");
    await unlock();
    await refused;
    await consistent({ newOrders: 1 });
  });

  it("by the death of orders before it commits, is accepted and becomes one order", async () => {
    lab.atGate = async (forward) => {
      const unlock = await lab.lockTable("orders", "orders");
      const forwarded = forward().catch(() => undefined);
      await lab.blocked("orders");
      await lab.kill("orders");
      await unlock();
      await forwarded;
      return "drop";
    };
    expect(await lab.buy(PRODUCT)).toBe(202);
    await consistent({ newOrders: 1 });
  });

  it("by the death of orders after it committed, is accepted and becomes one order", async () => {
    lab.atGate = async (forward) => {
      await forward();
      await lab.kill("orders");
      return "drop";
    };
    expect(await lab.buy(PRODUCT)).toBe(202);
    await consistent({ newOrders: 1 });
  });

  it("and sent again with its key, is one order still", async () => {
    const key = randomUUID();
    lab.atGate = async () => {
      await lab.kill("products");
      return "drop";
    };
    await expect(lab.buy(PRODUCT, key)).rejects.toThrow();
    lab.atGate = undefined;
    const status = await eventually("an answer", () => lab.buy(PRODUCT, key).catch(() => undefined));
    expect([201, 202]).toContain(status);
    await consistent({ newOrders: 1 });
  });

  /** Nothing lost, nothing twice: as many orders as expected, each of one purchase, and the stock less just that. */
  async function consistent({ newOrders }: { newOrders: number }): Promise<void> {
    lab.atGate = undefined;
    const before = lab.lastBooks;
    const books = await eventually("recovery", async () => {
      const now = await lab.books(PRODUCT);
      return now.undelivered === 0 && now.orders.length >= before.orders.length + newOrders ? now : undefined;
    });
    expect(books.orders).toHaveLength(before.orders.length + newOrders);
    expect(books.purchases).toEqual(books.orders);
    expect(books.stock + books.orders.length).toBe(lab.initialStock(PRODUCT));
    lab.lastBooks = books;
  }
});
