import type { Kysely } from "kysely";
import { ADMINISTRATOR_ID } from "../shared/administrator.ts";
import type { AuthenticationDatabase } from "./database.ts";
import { hashPassword, verifyPassword } from "./passwords.ts";
import { endSessionsOf } from "./sessions.ts";
import { findUserByName, insertUser, setPasswordHash } from "./users.ts";

/**
 * Sees to it that the administrator exists and has the password that the platform was given. A changed password
 * ends the sessions that the old one opened.
 * @throws Error where somebody else has that username already
 */
export async function seedAdministrator(
  db: Kysely<AuthenticationDatabase>,
  { username, password }: { username: string; password: string },
): Promise<void> {
  const existing = await findUserByName(db, username);
  if (existing === undefined) {
    await insertUser(db, { id: ADMINISTRATOR_ID, username, passwordHash: await hashPassword(password) });
    return;
  }
  if (existing.id !== ADMINISTRATOR_ID) {
    throw new Error(
      `the username "${username}" belongs to an ordinary user: choose another one for the administrator`,
    );
  }
  if (await verifyPassword(existing.passwordHash, password)) return;
  await setPasswordHash(db, existing.id, await hashPassword(password));
  await endSessionsOf(db, existing.id);
}
