import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createDelivery } from "./delivery.ts";
import type { Delivery } from "./delivery.ts";
import type { Purchase } from "./purchases.ts";
import { reserve } from "./purchases.ts";
import type { TestProducts } from "./testing.ts";
import { buy, FakeOrders, logger, testProducts } from "./testing.ts";

let service: TestProducts;
let orders: FakeOrders;
let delivery: Delivery;
let product: string;
let stop: () => Promise<void> = () => Promise.resolve();

beforeAll(async () => {
  service = await testProducts();
});
afterAll(() => service.drop());

beforeEach(async () => {
  orders = new FakeOrders();
  delivery = createDelivery(service.db, orders, logger);
  product = await service.add(100);
});
afterEach(async () => {
  await stop();
  vi.useRealTimers();
  await service.db.deleteFrom("purchases").execute();
});

/** A purchase that some request left without an order so many seconds ago. */
async function purchaseFrom(secondsAgo: number): Promise<Purchase> {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - secondsAgo * 1000 });
  const request = { userId: randomUUID(), productId: product, quantity: 1, idempotencyKey: undefined };
  const purchase = await reserve(service.db, request);
  vi.useRealTimers();
  return purchase;
}

async function isDelivered({ id }: { id: string }): Promise<boolean> {
  const row = await service.db
    .selectFrom("purchases")
    .select("delivered_at")
    .where("id", "=", id)
    .executeTakeFirstOrThrow();
  return row.delivered_at !== null;
}

const startRecovery = () => {
  const recovery = delivery.startRecovery();
  stop = () => recovery.stop();
};
const soon = { timeout: 10_000, interval: 20 };
const untilDelivered = (purchase: { id: string }) =>
  vi.waitFor(async () => expect(await isDelivered(purchase)).toBe(true), soon);

describe("a purchase whose order cannot be delivered", () => {
  afterEach(() => {
    service.orders.answer = () => 201;
  });

  it.each<[string, () => number | Promise<number>]>([
    ["refuses it", () => 400],
    ["breaks", () => 500],
    ["sends it elsewhere", () => 302],
    ["does not answer", () => Promise.reject(new Error("timeout"))],
  ])(
    "is answered with 202 where the orders service %s, and is bought all the same",
    async (_what, answer) => {
      service.orders.answer = answer;
      const response = await buy(service.app, product, { body: { quantity: 2 } });
      expect(response.status).toBe(202);
      const order = (await response.json()) as { id: string };
      expect(order).toMatchObject({ productId: product, quantity: 2, unitPrice: 250, currency: "EUR" });
      expect(order).not.toHaveProperty("deliveredAt");
      expect(await service.stockOf(product)).toBe(98);
      expect(await isDelivered(order)).toBe(false);
    },
  );

  it("is delivered by the same request sent again with its key", async () => {
    const request = { userId: randomUUID(), key: "again" };
    service.orders.answer = () => 503;
    const first = await buy(service.app, product, request);
    service.orders.answer = () => 200;
    const second = await buy(service.app, product, request);
    expect([first.status, second.status]).toEqual([202, 201]);
    expect(await second.json()).toEqual(await first.json());
    expect(await service.stockOf(product)).toBe(99);
  });
});

describe("a delivery", () => {
  it.each([200, 201])("is done where the orders service answers %i, and is not repeated", async (status) => {
    orders.answer = () => status;
    const purchase = await purchaseFrom(0);
    await delivery.deliver(purchase);
    expect(await isDelivered(purchase)).toBe(true);
    await delivery.deliver({ ...purchase, deliveredAt: new Date() });
    expect(orders.times(purchase.id)).toBe(1);
  });

  it("sends the order under the purchase's own id, so that a repetition is the same order", async () => {
    const purchase = await purchaseFrom(0);
    orders.answer = () => 500;
    await expect(delivery.deliver(purchase)).rejects.toThrow(`answered 500 to the order ${purchase.id}`);
    orders.answer = () => 201;
    await delivery.deliver(purchase);
    const { deliveredAt, ...order } = purchase;
    expect(orders.sent).toEqual([order, order]);
  });
});

describe("recovery", () => {
  it("delivers what was left behind, the oldest first and each exactly once", async () => {
    const second = await purchaseFrom(20);
    const first = await purchaseFrom(60);
    startRecovery();
    await untilDelivered(first);
    await untilDelivered(second);
    expect(orders.sent.map(({ id }) => id)).toEqual([first.id, second.id]);

    const later = await purchaseFrom(10);
    await untilDelivered(later);
    expect(orders.sent.map(({ id }) => id)).toEqual([first.id, second.id, later.id]);
  });

  it("leaves a purchase to its own request for the first seconds", async () => {
    const fresh = await purchaseFrom(0);
    const old = await purchaseFrom(60);
    startRecovery();
    await untilDelivered(old);
    expect(orders.times(fresh.id)).toBe(0);
  });

  it("tries again after a refusal and after no answer at all, until the order is taken", async () => {
    const answers = [() => 500, () => Promise.reject(new Error("timeout"))];
    orders.answer = () => answers.shift()?.() ?? 201;
    const purchase = await purchaseFrom(60);
    startRecovery();
    await untilDelivered(purchase);
    expect(orders.times(purchase.id)).toBe(3);
  });

  it("is not held up by a purchase whose order is refused for good", async () => {
    const refused = await purchaseFrom(60);
    orders.answer = ({ id }) => (id === refused.id ? 400 : 201);
    const next = await purchaseFrom(30);
    startRecovery();
    await untilDelivered(next);
    expect(await isDelivered(refused)).toBe(false);
  });

  it("is not held up by all that was delivered long ago", async () => {
    const { deliveredAt, ...old } = await purchaseFrom(3600);
    const rows = Array.from({ length: 60 }, () => ({
      id: randomUUID(),
      user_id: old.userId,
      product_id: product,
      quantity: 1,
      unit_price: 1,
      currency: "EUR",
      created_at: old.createdAt,
      idempotency_key: null,
    }));
    await service.db.insertInto("purchases").values(rows).execute();
    await service.db.updateTable("purchases").set({ delivered_at: new Date() }).execute();
    const next = await purchaseFrom(30);
    startRecovery();
    await untilDelivered(next);
    expect(orders.sent.map(({ id }) => id)).toEqual([next.id]);
  });

  it("by two replicas at once marks the purchase delivered, whoever was first", async () => {
    const purchase = await purchaseFrom(60);
    const replica = createDelivery(service.db, orders, logger).startRecovery();
    startRecovery();
    await untilDelivered(purchase);
    await replica.stop();
    expect(new Set(orders.sent.map(({ id }) => id))).toEqual(new Set([purchase.id]));
  });

  it("that is stopped finishes the delivery under way and begins no other", async () => {
    const first = await purchaseFrom(60);
    const second = await purchaseFrom(30);
    const { promise: answered, resolve: answer } = Promise.withResolvers<number>();
    orders.answer = () => answered;
    startRecovery();
    await vi.waitFor(() => expect(orders.times(first.id)).toBe(1), soon);

    const stopped = stop();
    const start = performance.now();
    answer(201);
    await stopped;
    expect(performance.now() - start).toBeLessThan(900);
    expect(await isDelivered(first)).toBe(true);
    expect(await isDelivered(second)).toBe(false);
    expect(orders.sent).toHaveLength(1);
  });

  it("that is stopped while it pauses ends at once", async () => {
    const purchase = await purchaseFrom(60);
    startRecovery();
    await untilDelivered(purchase);
    const start = performance.now();
    await stop();
    expect(performance.now() - start).toBeLessThan(900);
  });
});
