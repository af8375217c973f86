import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import { sql } from "kysely";

const orders: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable("orders")
      .addColumn("id", "uuid", (column) => column.primaryKey())
      .addColumn("user_id", "uuid", (column) => column.notNull())
      .addColumn("product_id", "text", (column) => column.notNull())
      .addColumn("quantity", sql`int4`, (column) => column.notNull().check(sql`quantity > 0`))
      .addColumn("unit_price", sql`int4`, (column) => column.notNull().check(sql`unit_price >= 0`))
      .addColumn("currency", "text", (column) => column.notNull())
      .addColumn("created_at", "timestamptz", (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex("orders_of_user")
      .on("orders")
      .columns(["user_id", "created_at desc", "id desc"])
      .execute();
  },
};

export const migrations: Record<string, Migration> = { "001_orders": orders };
