import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { expectJson, signUp } from "../support/client.ts";

interface OrderList {
  items: { id: string }[];
}

describe("orders", () => {
  it("come one for one key, however often it is sent", async () => {
    const { client } = await signUp();
    const headers = { "idempotency-key": randomUUID() };
    const buy = (quantity: number) => client.post("/products/filter-paper/buy", { quantity }, { headers });
    const answers = await Promise.all(Array.from({ length: 8 }, () => buy(1)));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(201));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect((await buy(2)).status).toBe(422);
    expect(expectJson<OrderList>(await client.get("/orders"), 200).items).toHaveLength(1);
  });

  it("are refused beyond the stock, and take nothing from it", async () => {
    const { client } = await signUp();
    const stock = async () => {
      const { items } = expectJson<{ items: { id: string; stock: number }[] }>(
        await client.get("/products"),
        200,
      );
      return items.find(({ id }) => id === "tea-pot")?.stock;
    };
    const before = await stock();
    expect((await client.post("/products/tea-pot/buy", { quantity: 1000 })).status).toBe(409);
    expect(await stock()).toBe(before);
  });

  it.each(["", "x".repeat(256), "two words", "naïve"])("refuse the key '%s'", async (key) => {
    const { client } = await signUp();
    const headers = { "idempotency-key": Buffer.from(key).toString("latin1") };
    expect((await client.post("/products/filter-paper/buy", undefined, { headers })).status).toBe(400);
  });
});
