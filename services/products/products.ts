import type { Kysely } from "kysely";
import { z } from "zod";
import { retrying } from "../shared/database.ts";
import type { Page, PageQuery } from "../shared/pagination.ts";
import { decodeCursor, toPage } from "../shared/pagination.ts";
import type { ProductsDatabase } from "./database.ts";

export interface Product {
  id: string;
  name: string;
  description: string;
  price: number;
  currency: string;
  stock: number;
}

const cursorShape = z.tuple([z.string()]);

/** One page of the catalogue, by id: of the products for all, or of those for administrators alone. */
export async function listProducts(
  db: Kysely<ProductsDatabase>,
  { limit, cursor, adminOnly }: PageQuery & { adminOnly: boolean },
): Promise<Page<Product>> {
  const after = decodeCursor(cursor, cursorShape);
  const rows = await retrying(db, () =>
    db
      .selectFrom("products")
      .select(["id", "name", "description", "price", "currency", "stock"])
      .where("admin_only", "=", adminOnly)
      .$if(after !== undefined, (query) => query.where("id", ">", after?.[0] ?? ""))
      .orderBy("id")
      .limit(limit + 1)
      .execute(),
  );
  return toPage(rows, limit, (product) => [product.id]);
}
