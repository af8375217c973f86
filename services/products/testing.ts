import { randomUUID } from "node:crypto";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Kysely } from "kysely";
import { Health } from "../shared/health.ts";
import type { InternalClient } from "../shared/internal-client.ts";
import { createLogger } from "../shared/logging.ts";
import { Metrics } from "../shared/metrics.ts";
import { testDatabase } from "../shared/testing.ts";
import { createApp } from "./app.ts";
import type { ProductsDatabase } from "./database.ts";
import { createDelivery } from "./delivery.ts";
import { migrations } from "./migrations.ts";

export const logger = createLogger("products", "silent");

/** An order as the orders service receives it. */
export interface SentOrder {
  id: string;
  userId: string;
  productId: string;
  quantity: number;
}

/**
 * Stands in for the orders service, which is another process: keeps what it is sent and answers as it is told,
 * with 201 where nothing is said.
 */
export class FakeOrders implements Pick<InternalClient, "post"> {
  readonly sent: SentOrder[] = [];
  answer: (order: SentOrder) => number | Promise<number> = () => 201;

  async post(path: string, body: unknown): Promise<{ status: number; body: unknown }> {
    if (path !== "/microservice/orders/add") throw new Error(`orders has no ${path}`);
    const order = body as SentOrder;
    this.sent.push(order);
    return { status: await this.answer(order), body: {} };
  }

  /** How often the order of an id was sent. */
  times(id: string): number {
    return this.sent.filter((order) => order.id === id).length;
  }
}

export interface TestProducts {
  readonly app: OpenAPIHono;
  readonly db: Kysely<ProductsDatabase>;
  readonly metrics: Metrics;
  readonly orders: FakeOrders;
  /** Adds a product and gives its id. */
  add(stock: number, adminOnly?: boolean): Promise<string>;
  stockOf(id: string): Promise<number>;
  drop(): Promise<void>;
}

/** The service in memory, on a database of its own, called as the gateway calls it. */
export async function testProducts(): Promise<TestProducts> {
  const { db, drop } = await testDatabase<ProductsDatabase>(migrations);
  const orders = new FakeOrders();
  const metrics = new Metrics("products");
  const app = createApp({
    logger,
    metrics,
    health: new Health(),
    drills: false,
    callerOf: () => "gateway",
    db,
    delivery: createDelivery(db, orders, logger),
  });
  return {
    app,
    db,
    metrics,
    orders,
    drop,
    async add(stock, adminOnly = false) {
      const id = `test-${randomUUID()}`;
      const product = { id, name: id, description: "", price: 250, currency: "EUR", stock };
      await db
        .insertInto("products")
        .values({ ...product, admin_only: adminOnly })
        .execute();
      return id;
    },
    async stockOf(id) {
      const row = await db
        .selectFrom("products")
        .select("stock")
        .where("id", "=", id)
        .executeTakeFirstOrThrow();
      return row.stock;
    },
  };
}

export interface BuyOptions {
  readonly userId?: string;
  readonly key?: string;
  /** Sent as JSON; undefined for no body. */
  readonly body?: unknown;
}

export async function buy(app: OpenAPIHono, productId: string, options: BuyOptions = {}): Promise<Response> {
  const { userId = randomUUID(), key, body } = options;
  return app.request(`/products/${productId}/buy`, {
    method: "POST",
    headers: {
      "x-user-id": userId,
      ...(key === undefined ? {} : { "idempotency-key": key }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}
