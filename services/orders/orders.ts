import type { Kysely } from "kysely";
import { sql } from "kysely";
import { z } from "zod";
import { retrying } from "../shared/database.ts";
import type { Page, PageQuery } from "../shared/pagination.ts";
import { decodeCursor, toPage } from "../shared/pagination.ts";
import type { OrdersDatabase } from "./database.ts";

export interface Order {
  id: string;
  productId: string;
  quantity: number;
  unitPrice: number;
  currency: string;
  createdAt: string;
}

/** Adds an order. @returns false where an order of that id is there already, which is then left as it is */
export async function addOrder(
  db: Kysely<OrdersDatabase>,
  order: Order & { userId: string },
): Promise<boolean> {
  const inserted = await retrying(db, () =>
    db
      .insertInto("orders")
      .values({
        id: order.id,
        user_id: order.userId,
        product_id: order.productId,
        quantity: order.quantity,
        unit_price: order.unitPrice,
        currency: order.currency,
        created_at: new Date(order.createdAt),
      })
      .onConflict((conflict) => conflict.column("id").doNothing())
      .returning("id")
      .executeTakeFirst(),
  );
  return inserted !== undefined;
}

/** As a date of JavaScript: not every text that is one is a date to the database too. */
const cursorShape = z.tuple([z.iso.datetime().transform((text) => new Date(text)), z.uuid()]);

/** One page of a user's orders, the newest first. */
export async function listOrders(
  db: Kysely<OrdersDatabase>,
  userId: string,
  { limit, cursor }: PageQuery,
): Promise<Page<Order>> {
  const after = decodeCursor(cursor, cursorShape);
  const rows = await retrying(db, () =>
    db
      .selectFrom("orders")
      .select([
        "id",
        "product_id as productId",
        "quantity",
        "unit_price as unitPrice",
        "currency",
        "created_at as createdAt",
      ])
      .where("user_id", "=", userId)
      .$if(after !== undefined, (query) =>
        query.where(sql<boolean>`(created_at, id) < (${after?.[0]}::timestamptz, ${after?.[1]}::uuid)`),
      )
      .orderBy("created_at", "desc")
      .orderBy("id", "desc")
      .limit(limit + 1)
      .execute(),
  );
  const orders = rows.map((row) => ({ ...row, createdAt: row.createdAt.toISOString() }));
  return toPage(orders, limit, (order) => [order.createdAt, order.id]);
}
