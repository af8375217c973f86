import { randomUUID } from "node:crypto";
import type { Kysely } from "kysely";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ADMINISTRATOR_ID } from "../shared/administrator.ts";
import { testDatabase } from "../shared/testing.ts";
import { seedAdministrator } from "./administrator.ts";
import type { AuthenticationDatabase } from "./database.ts";
import { migrations } from "./migrations.ts";
import { verifyPassword } from "./passwords.ts";
import { SessionChecks } from "./session-checks.ts";
import { startSession } from "./sessions.ts";
import { findUserByName, insertUser } from "./users.ts";

const given = { username: "admin", password: "a very long password" };

describe("the administrator", () => {
  let db: Kysely<AuthenticationDatabase>;
  let drop: () => Promise<void>;

  beforeAll(async () => {
    ({ db, drop } = await testDatabase<AuthenticationDatabase>(migrations));
  });
  afterAll(() => drop());
  afterEach(() => db.deleteFrom("users").execute());

  const stored = async () => {
    const found = await findUserByName(db, "admin");
    if (found === undefined) throw new Error("there is no administrator");
    return found;
  };

  it("exists after the seed, with the id that authorization knows and the given password", async () => {
    await seedAdministrator(db, given);
    const { id, username, passwordHash } = await stored();
    expect({ id, username }).toEqual({ id: ADMINISTRATOR_ID, username: "admin" });
    expect(await verifyPassword(passwordHash, given.password)).toBe(true);
  });

  it("keeps password and sessions where the seed runs again", async () => {
    await seedAdministrator(db, given);
    const before = await stored();
    const session = await startSession(db, ADMINISTRATOR_ID, 60);
    await seedAdministrator(db, given);
    expect(await stored()).toEqual(before);
    expect(await new SessionChecks(db).secondsLeft(session)).toBeGreaterThan(0);
  });

  it("gets a new password where another is given, which ends the sessions of the old one and no others", async () => {
    await seedAdministrator(db, given);
    const session = await startSession(db, ADMINISTRATOR_ID, 60);
    const alice = await insertUser(db, { username: "alice", passwordHash: "never used" });
    const hers = await startSession(db, alice.id, 60);

    await seedAdministrator(db, { ...given, password: "another long password" });
    const { passwordHash } = await stored();
    expect(await verifyPassword(passwordHash, "another long password")).toBe(true);
    expect(await new SessionChecks(db).secondsLeft(session)).toBe(0);
    expect(await new SessionChecks(db).secondsLeft(hers)).toBeGreaterThan(0);
  });

  it("takes no account over that somebody else has registered", async () => {
    const id = randomUUID();
    await insertUser(db, { id, username: "Admin", passwordHash: "hers" });
    await expect(seedAdministrator(db, given)).rejects.toThrow(/"admin" belongs to an ordinary user/);
    expect(await stored()).toMatchObject({ id, passwordHash: "hers" });
  });
});
