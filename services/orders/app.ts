import type { OpenAPIHono } from "@hono/zod-openapi";
import { createRoute, z } from "@hono/zod-openapi";
import type { Kysely } from "kysely";
import type { AppDependencies } from "../shared/app.ts";
import { createServiceApp } from "../shared/app.ts";
import { userIdOf } from "../shared/identity.ts";
import { pageOf, pageQuery } from "../shared/pagination.ts";
import { problemResponses } from "../shared/problem.ts";
import type { OrdersDatabase } from "./database.ts";
import { addOrder, listOrders } from "./orders.ts";

export interface OrdersDependencies extends AppDependencies {
  readonly db: Kysely<OrdersDatabase>;
}

/** Orders: users read their own, and the products service alone adds them. */
export function createApp(dependencies: OrdersDependencies): OpenAPIHono {
  const { db, metrics } = dependencies;
  const app = createServiceApp("orders", dependencies);
  const orders = metrics.counter("gatehouse_orders_total", "Orders added", [], [{}]);

  app.openapi(list, async (c) => c.json(await listOrders(db, userIdOf(c), c.req.valid("query")), 200));

  app.openapi(add, async (c) => {
    const request = c.req.valid("json");
    const added = await addOrder(db, request);
    if (added) orders.inc();
    return c.json({ id: request.id }, added ? 201 : 200);
  });

  return app;
}

const fields = {
  id: z.uuid(),
  productId: z.string().min(1).max(64),
  quantity: z.int().min(1).max(1000),
  unitPrice: z.int().min(0).max(2_147_483_647).openapi({ description: "In minor units of the currency" }),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .openapi({ description: "ISO 4217", example: "EUR" }),
  createdAt: z.iso.datetime(),
};
const order = z.object(fields).openapi("Order");
const newOrder = z.strictObject({ ...fields, userId: z.uuid() }).openapi("NewOrder");

const list = createRoute({
  method: "get",
  path: "/orders",
  summary: "The caller's own orders, the newest first",
  request: { query: pageQuery },
  responses: {
    200: { description: "Orders", content: { "application/json": { schema: pageOf(order) } } },
    ...problemResponses("validation_failed", "unauthenticated"),
  },
});

const added = { content: { "application/json": { schema: z.object({ id: z.uuid() }) } } };

const add = createRoute({
  method: "post",
  path: "/microservice/orders/add",
  summary: "For the products service: add an order; the same id twice is one order",
  request: { body: { required: true, content: { "application/json": { schema: newOrder } } } },
  responses: {
    201: { description: "Added", ...added },
    200: { description: "There already", ...added },
    ...problemResponses(
      "malformed_request",
      "validation_failed",
      "caller_refused",
      "body_too_large",
      "unsupported_media_type",
    ),
  },
});
