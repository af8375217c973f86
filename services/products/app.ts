import type { OpenAPIHono } from "@hono/zod-openapi";
import { createRoute, z } from "@hono/zod-openapi";
import type { Kysely } from "kysely";
import type { AppDependencies } from "../shared/app.ts";
import { createServiceApp } from "../shared/app.ts";
import { userIdOf } from "../shared/identity.ts";
import { pageOf, pageQuery } from "../shared/pagination.ts";
import { problemResponses } from "../shared/problem.ts";
import type { ProductsDatabase } from "./database.ts";
import type { Delivery } from "./delivery.ts";
import { purchaseMetrics } from "./metrics.ts";
import { listProducts } from "./products.ts";
import { reserve } from "./purchases.ts";

export interface ProductsDependencies extends AppDependencies {
  readonly db: Kysely<ProductsDatabase>;
  readonly delivery: Delivery;
}

/** The catalogue and its stock, and buying from it. */
export function createApp(dependencies: ProductsDependencies): OpenAPIHono {
  const { db, delivery, logger, metrics } = dependencies;
  const app = createServiceApp("products", dependencies);
  const purchases = purchaseMetrics(metrics, db);

  app.openapi(list, async (c) =>
    c.json(await listProducts(db, { ...c.req.valid("query"), adminOnly: false }), 200),
  );

  app.openapi(listForAdmins, async (c) =>
    c.json(await listProducts(db, { ...c.req.valid("query"), adminOnly: true }), 200),
  );

  app.openapi(buy, async (c) => {
    const request = {
      userId: userIdOf(c),
      productId: c.req.valid("param").id,
      quantity: c.req.valid("json").quantity ?? 1,
      idempotencyKey: c.req.valid("header")["idempotency-key"],
    };
    const purchase = await purchases.countRefusals(() => reserve(db, request));
    const { deliveredAt, userId, ...rest } = purchase;
    const order = { ...rest, createdAt: purchase.createdAt.toISOString() };
    try {
      await delivery.deliver(purchase);
      purchases.count(purchase.deliveredAt === null ? "created" : "repeated");
      return c.json(order, 201);
    } catch (error) {
      logger.warn({ err: error, orderId: purchase.id }, "the order is delayed");
      purchases.count("delayed");
      return c.json(order, 202);
    }
  });

  return app;
}

const product = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    price: z.int().openapi({ description: "In minor units of the currency" }),
    currency: z.string().openapi({ description: "ISO 4217", example: "EUR" }),
    stock: z.int(),
  })
  .openapi("Product");

const order = z
  .object({
    id: z.uuid(),
    productId: z.string(),
    quantity: z.int(),
    unitPrice: z.int().openapi({ description: "In minor units of the currency" }),
    currency: z.string(),
    createdAt: z.iso.datetime(),
  })
  .openapi("Order");

const list = createRoute({
  method: "get",
  path: "/products",
  summary: "The catalogue",
  request: { query: pageQuery },
  responses: {
    200: { description: "Products", content: { "application/json": { schema: pageOf(product) } } },
    ...problemResponses("validation_failed", "unauthenticated"),
  },
});

const listForAdmins = createRoute({
  method: "get",
  path: "/products/admin",
  summary: "Products that only administrators see",
  request: { query: pageQuery },
  responses: {
    200: { description: "Products", content: { "application/json": { schema: pageOf(product) } } },
    ...problemResponses("validation_failed", "unauthenticated", "not_permitted"),
  },
});

const buy = createRoute({
  method: "post",
  path: "/products/{id}/buy",
  summary: "Buy: takes from stock and creates an order",
  request: {
    params: z.object({ id: z.string() }),
    headers: z.object({
      "idempotency-key": z
        .string()
        .regex(/^[\x21-\x7e]{1,255}$/, "1 to 255 visible ASCII characters")
        .optional()
        .openapi({
          description: "A repeated request with the same key answers the first one's order",
          example: "8f14e45f-ceea-467f-a9b1-0b4c1d2e3f40",
        }),
    }),
    body: {
      required: false,
      content: {
        "application/json": {
          schema: z.strictObject({ quantity: z.int().min(1).max(1000).optional() }).openapi("Buy", {
            description: "One, where the quantity or the whole body is absent",
          }),
        },
      },
    },
  },
  responses: {
    201: { description: "The order", content: { "application/json": { schema: order } } },
    202: {
      description: "Bought; the order is on its way, because the orders service did not answer in time",
      content: { "application/json": { schema: order } },
    },
    ...problemResponses(
      "malformed_request",
      "validation_failed",
      "unauthenticated",
      "not_found",
      "sold_out",
      "idempotency_key_reused",
      "body_too_large",
      "unsupported_media_type",
    ),
  },
});
