import type { Kysely } from "kysely";
import { retrying } from "../shared/database.ts";
import { Problem } from "../shared/problem.ts";
import type { AuthenticationDatabase } from "./database.ts";
import { unknownUserHash, verifyPassword } from "./passwords.ts";

export interface User {
  readonly id: string;
  readonly username: string;
}

/** Adds a user. @throws Problem `username_taken`, also where only the case differs */
export async function insertUser(
  db: Kysely<AuthenticationDatabase>,
  user: { id?: string; username: string; passwordHash: string },
): Promise<User> {
  const inserted = await retrying(db, () =>
    db
      .insertInto("users")
      .values({
        ...(user.id === undefined ? {} : { id: user.id }),
        username: user.username,
        username_key: usernameKey(user.username),
        password_hash: user.passwordHash,
      })
      .onConflict((conflict) => conflict.column("username_key").doNothing())
      .returning(["id", "username"])
      .executeTakeFirst(),
  );
  if (inserted === undefined) throw new Problem("username_taken");
  return inserted;
}

export function findUserByName(db: Kysely<AuthenticationDatabase>, username: string) {
  return retrying(db, () =>
    db
      .selectFrom("users")
      .select(["id", "username", "password_hash as passwordHash"])
      .where("username_key", "=", usernameKey(username))
      .executeTakeFirst(),
  );
}

/** The user whose password this is. To look takes as long where there is no such user. */
export async function findUserByPassword(
  db: Kysely<AuthenticationDatabase>,
  username: string,
  password: string,
): Promise<User | undefined> {
  const found = await findUserByName(db, username);
  const correct = await verifyPassword(found?.passwordHash ?? unknownUserHash, password);
  return correct ? found : undefined;
}

export function findUser(db: Kysely<AuthenticationDatabase>, id: string): Promise<User | undefined> {
  return retrying(db, () =>
    db.selectFrom("users").select(["id", "username"]).where("id", "=", id).executeTakeFirst(),
  );
}

export async function setPasswordHash(
  db: Kysely<AuthenticationDatabase>,
  id: string,
  hash: string,
): Promise<void> {
  await retrying(db, () =>
    db.updateTable("users").set({ password_hash: hash }).where("id", "=", id).execute(),
  );
}

/**
 * Two usernames are the same where these are: compatibility forms are folded (NFKC) and case does not count. To
 * upper and then to lower case is full case folding, by which "straße" is "STRASSE".
 */
export function usernameKey(username: string): string {
  return username.normalize("NFKC").toUpperCase().toLowerCase();
}
