import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

const roles: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable("roles")
      .addColumn("user_id", "uuid", (column) => column.notNull())
      .addColumn("role", "text", (column) => column.notNull())
      .addPrimaryKeyConstraint("roles_pkey", ["user_id", "role"])
      .execute();
  },
};

export const migrations: Record<string, Migration> = { "001_roles": roles };
