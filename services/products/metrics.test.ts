import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sample } from "../shared/testing.ts";
import type { TestProducts } from "./testing.ts";
import { buy, testProducts } from "./testing.ts";

let service: TestProducts;
beforeAll(async () => {
  service = await testProducts();
});
afterAll(() => service.drop());

const purchases = (outcome: string) =>
  sample(service.metrics, `gatehouse_purchases_total{outcome="${outcome}"}`);
const undelivered = () => sample(service.metrics, "gatehouse_undelivered_purchases");

describe("the metrics of products", () => {
  it("count purchases by how they end", async () => {
    const product = await service.add(2);
    const again = { userId: randomUUID(), key: "one" };
    expect((await buy(service.app, product, again)).status).toBe(201);
    expect((await buy(service.app, product, again)).status).toBe(201);
    expect((await buy(service.app, product, { ...again, body: { quantity: 2 } })).status).toBe(422);
    expect((await buy(service.app, product, { body: { quantity: 2 } })).status).toBe(409);
    expect((await buy(service.app, "nothing")).status).toBe(404);
    for (const outcome of ["created", "repeated", "idempotency_key_reused", "sold_out", "not_found"])
      expect([outcome, await purchases(outcome)]).toEqual([outcome, 1]);
    expect(await purchases("delayed")).toBe(0);
  });

  it("count a purchase whose order is late, and tell how many there are", async () => {
    expect(await undelivered()).toBe(0);
    service.orders.answer = () => 503;
    expect((await buy(service.app, await service.add(1))).status).toBe(202);
    expect([await purchases("delayed"), await undelivered()]).toEqual([1, 1]);
  });
});
