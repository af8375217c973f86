import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { OpenAPIHono } from "@hono/zod-openapi";
import { Health } from "../shared/health.ts";
import { createLogger } from "../shared/logging.ts";
import { Metrics } from "../shared/metrics.ts";
import { testDatabase } from "../shared/testing.ts";
import { createApp } from "./app.ts";
import type { OrdersDatabase } from "./database.ts";
import { migrations } from "./migrations.ts";

const base = { logger: createLogger("orders", "silent"), drills: false };

describe("the orders service", () => {
  let database: Awaited<ReturnType<typeof testDatabase<OrdersDatabase>>>;
  let asGateway: OpenAPIHono;
  let asProducts: OpenAPIHono;

  beforeAll(async () => {
    database = await testDatabase<OrdersDatabase>(migrations);
    const appFor = (caller: string) =>
      createApp({
        ...base,
        metrics: new Metrics("orders"),
        health: new Health(),
        db: database.db,
        callerOf: () => caller,
      });
    asGateway = appFor("gateway");
    asProducts = appFor("products");
  });
  afterAll(() => database.drop());

  const order = (userId: string, createdAt: string) => ({
    id: randomUUID(),
    userId,
    productId: "moka-pot",
    quantity: 1,
    unitPrice: 2450,
    currency: "EUR",
    createdAt,
  });
  const add = async (body: unknown, app = asProducts) =>
    app.request("/microservice/orders/add", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const list = async (userId: string, query = "") => {
    const response = await asGateway.request(`/orders${query}`, { headers: { "x-user-id": userId } });
    return (await response.json()) as { items: { id: string }[]; nextCursor: string | null };
  };

  it("adds an order once, however often it is sent", async () => {
    const userId = randomUUID();
    const sent = order(userId, "2026-01-01T00:00:00.000Z");
    expect((await add(sent)).status).toBe(201);
    expect((await add(sent)).status).toBe(200);
    const { userId: _, ...expected } = sent;
    expect((await list(userId)).items).toEqual([expected]);
  });

  it("takes orders from the products service alone", async () => {
    expect((await add(order(randomUUID(), "2026-01-01T00:00:00.000Z"), asGateway)).status).toBe(403);
  });

  it("lists the caller's own orders, the newest first, page by page without gap or repetition", async () => {
    const userId = randomUUID();
    const sent = [1, 2, 3, 3, 4].map((day) => order(userId, `2026-01-0${day}T00:00:00.000Z`));
    for (const one of [...sent, order(randomUUID(), "2026-01-09T00:00:00.000Z")]) await add(one);

    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page = await list(userId, `?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`);
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(new Set(seen).size).toBe(5);
    expect(seen[0]).toBe(sent[4]?.id);
    expect(seen[4]).toBe(sent[0]?.id);
  });

  it("leaves an order as it is where its id comes again with another content", async () => {
    const userId = randomUUID();
    const sent = order(userId, "2026-01-01T00:00:00.000Z");
    await add(sent);
    expect((await add({ ...sent, quantity: 2 })).status).toBe(200);
    expect((await list(userId)).items).toEqual([expect.objectContaining({ id: sent.id, quantity: 1 })]);
  });

  it("makes one order of the same one sent many times at once", async () => {
    const userId = randomUUID();
    const sent = order(userId, "2026-01-01T00:00:00.000Z");
    const answers = await Promise.all(Array.from({ length: 12 }, () => add(sent)));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array<number>(11).fill(200), 201]);
    expect((await list(userId)).items).toHaveLength(1);
  });

  it.each([
    ["an id that is none", { id: "1" }],
    ["no id", { id: undefined }],
    ["a user that is no id", { userId: "alice" }],
    ["no user", { userId: undefined }],
    ["an empty product", { productId: "" }],
    ["an endless product", { productId: "x".repeat(65) }],
    ["a product with a null character", { productId: "moka\u0000pot" }],
    ["no quantity", { quantity: undefined }],
    ["a quantity of 0", { quantity: 0 }],
    ["a quantity below 0", { quantity: -1 }],
    ["half a piece", { quantity: 0.5 }],
    ["a quantity over 1000", { quantity: 1001 }],
    ["a quantity in letters", { quantity: "1" }],
    ["a price below 0", { unitPrice: -1 }],
    ["a price beyond 32 bits", { unitPrice: 2_147_483_648 }],
    ["a currency in small letters", { currency: "eur" }],
    ["a currency of four letters", { currency: "EURO" }],
    ["a day without a time", { createdAt: "2026-01-01" }],
    ["a day that does not exist", { createdAt: "2026-02-30T00:00:00.000Z" }],
    ["a number as time", { createdAt: 0 }],
    ["an unknown field", { admin: true }],
  ])("refuses an order with %s", async (_what, change) => {
    const userId = randomUUID();
    const answer = await add({ ...order(userId, "2026-01-01T00:00:00.000Z"), ...change });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ status: 400 });
    expect((await list(userId)).items).toEqual([]);
  });

  it.each(["0000-01-01T00:00:00.000Z", "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"])(
    "takes and lists an order of %s",
    async (createdAt) => {
      const userId = randomUUID();
      expect((await add(order(userId, createdAt))).status).toBe(201);
      expect((await list(userId)).items).toEqual([expect.objectContaining({ createdAt })]);
    },
  );

  const uuid = "00000000-0000-4000-8000-000000000000";
  const cursorOf = (key: unknown) => `cursor=${Buffer.from(JSON.stringify(key)).toString("base64url")}`;

  it.each([
    "limit=0",
    "limit=101",
    "limit=-1",
    "limit=x",
    "limit=",
    "cursor=",
    "cursor=x",
    cursorOf(["2026-01-01T00:00:00.000Z"]),
    cursorOf(["2026-01-01T00:00:00.000Z", "x"]),
    cursorOf(["2026-02-30T00:00:00.000Z", uuid]),
    cursorOf(["now", uuid]),
    cursorOf([0, uuid]),
    cursorOf({ createdAt: "2026-01-01T00:00:00.000Z", id: uuid }),
  ])("refuses the list with ?%s", async (query) => {
    const answer = await asGateway.request(`/orders?${query}`, { headers: { "x-user-id": uuid } });
    expect([answer.status, await answer.json()]).toEqual([
      400,
      expect.objectContaining({ code: "validation_failed" }),
    ]);
  });

  it.each([
    "0000-01-01T00:00:00.000Z",
    "9999-12-31T23:59:59.999Z",
    `2026-01-01T00:00:00.${"1".repeat(120)}Z`,
  ])("takes a cursor of %s without harm", async (time) => {
    const headers = { "x-user-id": randomUUID() };
    const answer = await asGateway.request(`/orders?${cursorOf([time, uuid])}`, { headers });
    expect([answer.status, await answer.json()]).toEqual([200, { items: [], nextCursor: null }]);
  });

  it("shuts the door where the gateway names no user", async () => {
    expect((await asGateway.request("/orders")).status).toBe(401);
    expect((await asGateway.request("/orders", { headers: { "x-user-id": "alice" } })).status).toBe(401);
  });
});
