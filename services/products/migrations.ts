import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import { sql } from "kysely";
import type { ProductsDatabase } from "./database.ts";
import { seededProducts } from "./seed.ts";

const productsAndPurchases: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable("products")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("name", "text", (column) => column.notNull())
      .addColumn("description", "text", (column) => column.notNull())
      .addColumn("price", sql`int4`, (column) => column.notNull().check(sql`price >= 0`))
      .addColumn("currency", "text", (column) => column.notNull())
      .addColumn("stock", sql`int4`, (column) => column.notNull().check(sql`stock >= 0`))
      .addColumn("admin_only", "boolean", (column) => column.notNull().defaultTo(false))
      .execute();
    await db.schema
      .createTable("purchases")
      .addColumn("id", "uuid", (column) => column.primaryKey())
      .addColumn("user_id", "uuid", (column) => column.notNull())
      .addColumn("product_id", "text", (column) => column.notNull().references("products.id"))
      .addColumn("quantity", sql`int4`, (column) => column.notNull().check(sql`quantity > 0`))
      .addColumn("unit_price", sql`int4`, (column) => column.notNull())
      .addColumn("currency", "text", (column) => column.notNull())
      .addColumn("created_at", "timestamptz", (column) => column.notNull())
      .addColumn("idempotency_key", "text")
      .addColumn("delivered_at", "timestamptz")
      .addUniqueConstraint("purchases_idempotency", ["user_id", "idempotency_key"])
      .execute();
    await db.schema
      .createIndex("purchases_undelivered")
      .on("purchases")
      .column("created_at")
      .where(sql.ref("delivered_at"), "is", null)
      .execute();
  },
};

const seed: Migration = {
  async up(db: Kysely<ProductsDatabase>) {
    await db
      .insertInto("products")
      .values([...seededProducts])
      .execute();
  },
};

export const migrations: Record<string, Migration> = {
  "001_products_and_purchases": productsAndPurchases,
  "002_seed": seed,
};
