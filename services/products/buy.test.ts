import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestProducts } from "./testing.ts";
import { buy, testProducts } from "./testing.ts";

let service: TestProducts;

beforeAll(async () => {
  service = await testProducts();
});
afterAll(() => service.drop());

interface Order {
  id: string;
}
const orderIn = async (answer: Response) => (await answer.json()) as Order;
const purchasesOf = (productId: string) =>
  service.db.selectFrom("purchases").selectAll().where("product_id", "=", productId).execute();

describe("buying", () => {
  it("takes from stock and has one order made, which it answers with", async () => {
    const id = await service.add(10);
    const userId = randomUUID();
    const answer = await buy(service.app, id, { userId, body: { quantity: 3 } });
    expect(answer.status).toBe(201);
    const order = await orderIn(answer);
    expect(order).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      productId: id,
      quantity: 3,
      unitPrice: 250,
      currency: "EUR",
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
    });
    expect(await service.stockOf(id)).toBe(7);
    const [sent, ...others] = service.orders.sent.filter(({ productId }) => productId === id);
    expect(others).toEqual([]);
    expect(JSON.parse(JSON.stringify(sent))).toEqual({ ...order, userId });
    expect((await purchasesOf(id)).map((purchase) => purchase.delivered_at)).toEqual([expect.any(Date)]);
  });

  it.each([
    ["an absent body", {}],
    ["an empty body that says it is JSON", { headers: { "content-type": "application/json" }, body: "" }],
    ["an empty body that says it is a form", { headers: { "content-type": "text/plain" }, body: "" }],
    ["an empty object", { headers: { "content-type": "application/json" }, body: "{}" }],
    ["the charset named", { headers: { "content-type": 'application/json; charset="UTF-8"' }, body: "{}" }],
  ])("buys one on %s", async (_what, { headers, body }: { headers?: object; body?: string }) => {
    const id = await service.add(5);
    const answer = await service.app.request(`/products/${id}/buy`, {
      method: "POST",
      headers: { "x-user-id": randomUUID(), ...headers },
      ...(body === undefined ? {} : { body }),
    });
    expect([answer.status, await answer.json()]).toEqual([201, expect.objectContaining({ quantity: 1 })]);
    expect(await service.stockOf(id)).toBe(4);
  });

  it("sells the last piece, and tells what is left where that is too little", async () => {
    const id = await service.add(3);
    const tooMuch = await buy(service.app, id, { body: { quantity: 4 } });
    expect([tooMuch.status, await tooMuch.json()]).toEqual([
      409,
      expect.objectContaining({ code: "sold_out", detail: "3 left." }),
    ]);
    expect((await buy(service.app, id, { body: { quantity: 3 } })).status).toBe(201);
    const soldOut = await buy(service.app, id);
    expect([soldOut.status, await soldOut.json()]).toEqual([
      409,
      expect.objectContaining({ code: "sold_out", detail: "0 left." }),
    ]);
    expect(await service.stockOf(id)).toBe(0);
    expect(await purchasesOf(id)).toHaveLength(1);
  });

  it.each([
    ["that does not exist", "no-such-product"],
    ["that only administrators see", "golden-portafilter"],
    ["with another case", "Moka-Pot"],
    ["with wildcards", "moka%25"],
    ["with half a character", "%ed%a0%80"],
    ["with an endless id", "x".repeat(5000)],
  ])("answers 404 for a product %s", async (_what, id) => {
    const before = await service.db.selectFrom("purchases").select("id").execute();
    const answer = await buy(service.app, id);
    expect([answer.status, await answer.json()]).toEqual([
      404,
      expect.objectContaining({ code: "not_found" }),
    ]);
    expect(await service.db.selectFrom("purchases").select("id").execute()).toEqual(before);
  });

  it.each([
    '{"quantity": 0}',
    '{"quantity": -1}',
    '{"quantity": 1.5}',
    '{"quantity": 1001}',
    '{"quantity": 1e300}',
    '{"quantity": "1"}',
    '{"quantity": null}',
    '{"quantity": [1]}',
    '{"quantity": 1, "price": 1}',
    '{"quantity": 1, "__proto__": {"quantity": 1}}',
    "[]",
    "null",
    '"1"',
  ])("refuses the body %s", async (body) => {
    const answer = await buy(service.app, "moka-pot", { body: JSON.parse(body) as unknown });
    expect([answer.status, await answer.json()]).toEqual([
      400,
      expect.objectContaining({ code: "validation_failed" }),
    ]);
  });

  it("refuses an id with a null character, which no database takes", async () => {
    const answer = await buy(service.app, "moka%00pot");
    expect([answer.status, await answer.json()]).toEqual([
      400,
      expect.objectContaining({ code: "malformed_request" }),
    ]);
  });

  it("is for users whom the gateway names", async () => {
    expect((await buy(service.app, "moka-pot", { userId: "alice" })).status).toBe(401);
    expect((await service.app.request("/products/moka-pot/buy", { method: "POST" })).status).toBe(401);
  });
});

describe("an Idempotency-Key", () => {
  it("answers a repeated request with the first one's order and takes from stock once", async () => {
    const id = await service.add(10);
    const request = { userId: randomUUID(), key: "key-1", body: { quantity: 2 } };
    const first = await orderIn(await buy(service.app, id, request));
    const again = await buy(service.app, id, request);
    expect([again.status, await again.json()]).toEqual([201, first]);
    expect(await service.stockOf(id)).toBe(8);
    expect(service.orders.times(first.id)).toBe(1);
  });

  it("still answers with the order once the product is sold out", async () => {
    const id = await service.add(1);
    const request = { userId: randomUUID(), key: "last" };
    const first = await orderIn(await buy(service.app, id, request));
    expect(await orderIn(await buy(service.app, id, request))).toEqual(first);
  });

  it("takes one piece said and one piece meant for the same request", async () => {
    const id = await service.add(5);
    const request = { userId: randomUUID(), key: "k" };
    const first = await orderIn(await buy(service.app, id, request));
    expect(await orderIn(await buy(service.app, id, { ...request, body: { quantity: 1 } }))).toEqual(first);
  });

  it("refuses another request with the same key", async () => {
    const [id, otherId] = [await service.add(10), await service.add(10)];
    const request = { userId: randomUUID(), key: "key-2", body: { quantity: 1 } };
    await buy(service.app, id, request);
    for (const answer of [
      await buy(service.app, id, { ...request, body: { quantity: 2 } }),
      await buy(service.app, otherId, request),
    ]) {
      expect([answer.status, await answer.json()]).toEqual([
        422,
        expect.objectContaining({ code: "idempotency_key_reused" }),
      ]);
    }
    expect([await service.stockOf(id), await service.stockOf(otherId)]).toEqual([9, 10]);
  });

  it("of one user says nothing about another's", async () => {
    const id = await service.add(10);
    const mine = await orderIn(await buy(service.app, id, { userId: randomUUID(), key: "shared" }));
    const hers = await orderIn(await buy(service.app, id, { userId: randomUUID(), key: "shared" }));
    expect(hers.id).not.toBe(mine.id);
    expect(await service.stockOf(id)).toBe(8);
  });

  it("is free again after a refusal", async () => {
    const id = await service.add(0);
    const request = { userId: randomUUID(), key: "waiting" };
    expect((await buy(service.app, id, request)).status).toBe(409);
    await service.db.updateTable("products").set({ stock: 1 }).where("id", "=", id).execute();
    expect((await buy(service.app, id, request)).status).toBe(201);
  });

  it.each([
    ["empty", ""],
    ["of 256 characters", "x".repeat(256)],
    ["with a space inside", "a b"],
    ["of letters beyond ASCII", "schl\u00fcssel"],
  ])("that is %s is refused", async (_what, key) => {
    const answer = await buy(service.app, "moka-pot", { key });
    expect([answer.status, await answer.json()]).toEqual([
      400,
      expect.objectContaining({ code: "validation_failed" }),
    ]);
  });

  it("in 30 requests at once gives one order", async () => {
    const id = await service.add(100);
    const request = { userId: randomUUID(), key: "race", body: { quantity: 2 } };
    const answers = await Promise.all(Array.from({ length: 30 }, () => buy(service.app, id, request)));
    expect(answers.map(({ status }) => status)).toEqual(Array(30).fill(201));
    const ids = await Promise.all(answers.map(async (answer) => (await orderIn(answer)).id));
    expect(new Set(ids).size).toBe(1);
    expect(await service.stockOf(id)).toBe(98);
    expect(await purchasesOf(id)).toHaveLength(1);
  });
});

describe("a run on a product", () => {
  it("of 60 buyers sells the stock of 25 exactly, and tells the others that it is sold out", async () => {
    const id = await service.add(25);
    // A busy machine may have no room for all at once; who is told so comes again, as its Retry-After says.
    const buyInTheEnd = async () => {
      let answer = await buy(service.app, id);
      while (answer.status === 503) answer = await buy(service.app, id);
      return answer;
    };
    const answers = await Promise.all(Array.from({ length: 60 }, buyInTheEnd));
    const count = (status: number) => answers.filter((answer) => answer.status === status).length;
    expect([count(201), count(409)]).toEqual([25, 35]);
    expect(await service.stockOf(id)).toBe(0);
    const purchases = await purchasesOf(id);
    expect(purchases).toHaveLength(25);
    for (const purchase of purchases) expect(service.orders.times(purchase.id)).toBe(1);
  });
});
