import { randomUUID } from "node:crypto";
import type { Kysely, Transaction } from "kysely";
import { retrying, transaction } from "../shared/database.ts";
import { Problem } from "../shared/problem.ts";
import type { ProductsDatabase } from "./database.ts";

export interface PurchaseRequest {
  readonly userId: string;
  readonly productId: string;
  readonly quantity: number;
  /** Makes a repeated request find the first one's purchase. */
  readonly idempotencyKey: string | undefined;
}

export interface Purchase {
  readonly id: string;
  readonly userId: string;
  readonly productId: string;
  readonly quantity: number;
  readonly unitPrice: number;
  readonly currency: string;
  readonly createdAt: Date;
  readonly deliveredAt: Date | null;
}

/**
 * Takes a quantity from stock and records the purchase, in one transaction: from its commit on the order is due,
 * whatever fails, and before it nothing has happened.
 * @throws Problem `not_found`, `sold_out`, or `idempotency_key_reused` where the key belongs to another purchase
 */
export function reserve(db: Kysely<ProductsDatabase>, request: PurchaseRequest): Promise<Purchase> {
  return transaction(db, async (trx) => {
    const earlier = await findByKey(trx, request);
    if (earlier !== undefined) return earlier;

    const product = await trx
      .updateTable("products")
      .set((eb) => ({ stock: eb("stock", "-", request.quantity) }))
      .where("id", "=", request.productId)
      .where("admin_only", "=", false)
      .where("stock", ">=", request.quantity)
      .returning(["price", "currency"])
      .executeTakeFirst();
    if (product === undefined) throw await refusal(trx, request.productId);

    return trx
      .insertInto("purchases")
      .values({
        id: randomUUID(),
        user_id: request.userId,
        product_id: request.productId,
        quantity: request.quantity,
        unit_price: product.price,
        currency: product.currency,
        created_at: new Date(),
        idempotency_key: request.idempotencyKey ?? null,
      })
      .returning(purchaseColumns)
      .executeTakeFirstOrThrow();
  });
}

/** Notes that the order of a purchase exists. */
export async function markDelivered(db: Kysely<ProductsDatabase>, id: string): Promise<void> {
  await retrying(db, () =>
    db
      .updateTable("purchases")
      .set({ delivered_at: new Date() })
      .where("id", "=", id)
      .where("delivered_at", "is", null)
      .execute(),
  );
}

/** The oldest purchases whose order is not known to exist. */
export function findUndelivered(
  db: Kysely<ProductsDatabase>,
  { before, limit }: { before: Date; limit: number },
): Promise<Purchase[]> {
  return retrying(db, () =>
    db
      .selectFrom("purchases")
      .select(purchaseColumns)
      .where("delivered_at", "is", null)
      .where("created_at", "<", before)
      .orderBy("created_at")
      .limit(limit)
      .execute(),
  );
}

/** How many purchases there are whose order is not known to exist. */
export async function countUndelivered(db: Kysely<ProductsDatabase>): Promise<number> {
  const { count } = await retrying(db, () =>
    db
      .selectFrom("purchases")
      .select((eb) => eb.fn.countAll<string>().as("count"))
      .where("delivered_at", "is", null)
      .executeTakeFirstOrThrow(),
  );
  return Number(count);
}

const purchaseColumns = [
  "id",
  "user_id as userId",
  "product_id as productId",
  "quantity",
  "unit_price as unitPrice",
  "currency",
  "created_at as createdAt",
  "delivered_at as deliveredAt",
] as const;

async function findByKey(
  trx: Transaction<ProductsDatabase>,
  request: PurchaseRequest,
): Promise<Purchase | undefined> {
  if (request.idempotencyKey === undefined) return undefined;
  const earlier = await trx
    .selectFrom("purchases")
    .select(purchaseColumns)
    .where("user_id", "=", request.userId)
    .where("idempotency_key", "=", request.idempotencyKey)
    .executeTakeFirst();
  if (earlier === undefined) return undefined;
  const same = earlier.productId === request.productId && earlier.quantity === request.quantity;
  if (!same) throw new Problem("idempotency_key_reused");
  return earlier;
}

async function refusal(trx: Transaction<ProductsDatabase>, productId: string): Promise<Problem> {
  const product = await trx
    .selectFrom("products")
    .select("stock")
    .where("id", "=", productId)
    .where("admin_only", "=", false)
    .executeTakeFirst();
  if (product === undefined) return new Problem("not_found", { detail: "There is no such product." });
  return new Problem("sold_out", { detail: `${product.stock} left.` });
}
