import type { Kysely } from "kysely";
import type { Role } from "../shared/catalog.ts";
import { retrying } from "../shared/database.ts";
import type { AuthorizationDatabase } from "./database.ts";

/** Whether a user has a role. */
export async function hasRole(
  db: Kysely<AuthorizationDatabase>,
  userId: string,
  role: Role,
): Promise<boolean> {
  const row = await retrying(db, () =>
    db
      .selectFrom("roles")
      .select("role")
      .where("user_id", "=", userId)
      .where("role", "=", role)
      .executeTakeFirst(),
  );
  return row !== undefined;
}

/** Gives a user a role; again is no error. */
export async function grantRole(
  db: Kysely<AuthorizationDatabase>,
  userId: string,
  role: Role,
): Promise<void> {
  await retrying(db, () =>
    db
      .insertInto("roles")
      .values({ user_id: userId, role })
      .onConflict((conflict) => conflict.columns(["user_id", "role"]).doNothing())
      .execute(),
  );
}
