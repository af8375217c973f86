import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import { sql } from "kysely";

const usersAndSessions: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable("users")
      .addColumn("id", "uuid", (column) => column.primaryKey().defaultTo(sql`gen_random_uuid()`))
      .addColumn("username", "text", (column) => column.notNull())
      .addColumn("username_key", "text", (column) => column.notNull().unique())
      .addColumn("password_hash", "text", (column) => column.notNull())
      .addColumn("created_at", "timestamptz", (column) => column.notNull().defaultTo(sql`now()`))
      .execute();
    await db.schema
      .createTable("sessions")
      .addColumn("id", "uuid", (column) => column.primaryKey().defaultTo(sql`gen_random_uuid()`))
      .addColumn("user_id", "uuid", (column) => column.notNull().references("users.id").onDelete("cascade"))
      .addColumn("created_at", "timestamptz", (column) => column.notNull().defaultTo(sql`now()`))
      .addColumn("expires_at", "timestamptz", (column) => column.notNull())
      .addColumn("ended_at", "timestamptz")
      .execute();
    await db.schema
      .createIndex("sessions_by_user")
      .on("sessions")
      .columns(["user_id", "expires_at"])
      .execute();
    await db.schema
      .createTable("refresh_tokens")
      .addColumn("hash", "text", (column) => column.primaryKey())
      .addColumn("session_id", "uuid", (column) =>
        column.notNull().references("sessions.id").onDelete("cascade"),
      )
      .addColumn("used_at", "timestamptz")
      .execute();
    await db.schema
      .createIndex("refresh_tokens_by_session")
      .on("refresh_tokens")
      .column("session_id")
      .execute();
  },
};

const loginThrottle: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable("login_failures")
      .addColumn("subject", "text", (column) => column.primaryKey())
      .addColumn("failures", sql`int4`, (column) => column.notNull())
      .addColumn("window_start", "timestamptz", (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex("login_failures_by_age")
      .on("login_failures")
      .column("window_start")
      .execute();
    await db.schema
      .createTable("known_sources")
      .addColumn("username_key", "text", (column) => column.notNull())
      .addColumn("source", "text", (column) => column.notNull())
      .addColumn("seen_at", "timestamptz", (column) => column.notNull())
      .addPrimaryKeyConstraint("known_sources_pkey", ["username_key", "source"])
      .execute();
  },
};

const rateLimits: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable("rate_limits")
      .addColumn("key", "text", (column) => column.primaryKey())
      .addColumn("tat", sql`int8`, (column) => column.notNull())
      .execute();
  },
};

const revocations: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createIndex("sessions_by_end")
      .on("sessions")
      .column("ended_at")
      .where("ended_at", "is not", null)
      .execute();
  },
};

export const migrations: Record<string, Migration> = {
  "001_users_and_sessions": usersAndSessions,
  "002_login_throttle": loginThrottle,
  "003_rate_limits": rateLimits,
  "004_revocations": revocations,
};
