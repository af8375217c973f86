import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Migration } from "kysely/migration";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { catalog } from "../services/catalog.ts";
import { servicesWithDatabase } from "../services/shared/catalog.ts";
import { migrateService } from "../services/shared/migrations.ts";
import { backUp } from "./backup.ts";
import { withConnection } from "./connection.ts";
import type { Header, Section } from "./format.ts";
import { readBackup, writeBackup } from "./format.ts";
import { checkBackup, restore } from "./restore.ts";
import { migrationsOf, tablesOf } from "./tables.ts";
import { administrator } from "./testing.ts";

const services = servicesWithDatabase(catalog);
const USER = "11111111-1111-4111-8111-111111111111";
/** More than a Date of JavaScript can hold. */
const MOMENT = "2026-01-02 03:04:05.123456+00";

let folder: string;
let file: string;
/** The services' own databases, on the server of the unit tests, where no other test uses them. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "gatehouse-restore-"));
  await dropAll();
  await migrateAll();
  await run(
    "authentication",
    `insert into users (id, username, username_key, password_hash, created_at)
     values ('${USER}', 'Änne "Q"', 'änne "q"', '$argon2id$...', '${MOMENT}')`,
    `insert into sessions (id, user_id, expires_at) values ('${USER}', '${USER}', 'infinity')`,
    `insert into refresh_tokens (hash, session_id) values ('a hash', '${USER}')`,
  );
  await run("products", "update products set stock = 7, description = E'two\\nlines' where id = 'moka-pot'");
});
afterAll(async () => {
  await dropAll();
  rmSync(folder, { recursive: true });
});
beforeEach(({ task }) => {
  file = join(folder, task.id);
});
afterEach(() => rmSync(file, { force: true }));

const run = (database: string, ...statements: string[]) =>
  withConnection(administrator, database, async (client) => {
    for (const statement of statements) await client.query(statement);
  });

const dropAll = () =>
  withConnection(administrator, undefined, async (server) => {
    for (const service of services) await server.query(`drop database if exists "${service}" with (force)`);
  });

async function migrateAll(): Promise<void> {
  await Promise.all(
    services.map(async (service) => {
      const { migrations } = (await import(`../services/${service}/migrations.ts`)) as {
        migrations: Record<string, Migration>;
      };
      await migrateService({ service, migrations }, administrator);
    }),
  );
}

/** All that the databases hold, as the lines of a backup, but for when and in which order it was read. */
async function everything(): Promise<string[]> {
  const copy = join(folder, "everything");
  await backUp(administrator, copy);
  const lines = gunzipSync(readFileSync(copy)).toString().trim().split("\n");
  rmSync(copy);
  return lines.slice(1, -1).toSorted();
}

/** The same backup with another header. */
async function rewrite(change: (header: Header) => Pick<Header, "takenAt" | "databases">): Promise<void> {
  const sections: Section[] = [];
  const { header } = await readBackup(file, {
    section: (section) => {
      sections.push(section);
      return Promise.resolve();
    },
  });
  rmSync(file);
  const { takenAt, databases } = change(header);
  await writeBackup(file, { takenAt, databases }, sections);
}

describe("a restore that cannot be", () => {
  let before: string[];
  const whole = () => join(folder, "whole");
  beforeAll(async () => {
    before = await everything();
    await backUp(administrator, whole());
  });
  beforeEach(() => copyFileSync(whole(), file));
  afterAll(() => rmSync(whole()));
  const attempt = async (force = true) => restore(administrator, await checkBackup(file), { force });

  it("is refused where there is data, unless it is told to replace it", async () => {
    await expect(attempt(false)).rejects.toThrow(/there are databases already \(.*products.*\).*--force/);
    expect(await everything()).toEqual(before);
  });

  it("is refused while somebody uses a database", async () => {
    await withConnection(administrator, "orders", async () => {
      await expect(attempt()).rejects.toThrow("databases are in use (orders): stop the platform first");
    });
    expect(await everything()).toEqual(before);
  });

  it("is refused where the file is damaged", async () => {
    const whole = readFileSync(file);
    writeFileSync(file, whole.subarray(0, whole.length - 9));
    await expect(attempt()).rejects.toThrow(/damaged or cut off/);
    expect(await everything()).toEqual(before);
  });

  it("changes nothing where the file is another one by the time that it is read again", async () => {
    const checked = await checkBackup(file);
    const whole = readFileSync(file);
    writeFileSync(file, whole.subarray(0, whole.length - 9));
    await expect(restore(administrator, checked, { force: true })).rejects.toThrow(/damaged or cut off/);
    expect(await everything()).toEqual(before);
    await expect(
      withConnection(administrator, "orders_restoring", () => Promise.resolve()),
    ).rejects.toThrow();
  });

  it.each<[string, (header: Header) => Header, RegExp]>([
    [
      "is of a newer program",
      (header) =>
        changed(header, (one) => ({ ...one, migrations: [...one.migrations, "900_from_tomorrow"] })),
      /has had the migration 900_from_tomorrow, which this program does not know/,
    ],
    [
      "has a service that the catalog has not",
      (header) =>
        changed(header, (one) => (one.name === "orders" ? { ...one, name: "gone", tables: [] } : one)),
      /a database "gone", and the catalog no such service/,
    ],
    [
      "has other tables than its migrations make",
      (header) =>
        changed(header, (one) => ({
          ...one,
          migrations: one.migrations.slice(0, one.name === "authentication" ? 1 : 9),
        })),
      /the tables of authentication are not those that its migrations make here/,
    ],
  ])("is refused where the backup %s", async (_how, change, words) => {
    await rewrite(change);
    await expect(attempt()).rejects.toThrow(words);
    expect(await everything()).toEqual(before);
  });

  function changed(
    header: Header,
    change: (one: Header["databases"][number]) => Header["databases"][number],
  ) {
    return { ...header, databases: header.databases.map(change) };
  }
});

describe("a backup", () => {
  it("is not written over another file, and leaves none where it fails", async () => {
    writeFileSync(file, "mine");
    await expect(backUp(administrator, file)).rejects.toThrow(/exists: choose another name/);
    expect(readFileSync(file, "utf8")).toBe("mine");
    rmSync(file);
    await run("orders", "alter table kysely_migration rename to elsewhere");
    await expect(backUp(administrator, file)).rejects.toThrow(/kysely_migration/);
    expect(readdirSync(folder)).toEqual([]);
    await run("orders", "alter table elsewhere rename to kysely_migration");
  });
});

describe("a restored backup", () => {
  it("is equal to what was backed up, and replaces what came later", async () => {
    const before = await everything();
    expect(before.join("\n")).toContain(MOMENT);
    await backUp(administrator, file);
    await run(
      "products",
      "update products set stock = 0",
      "insert into purchases values (gen_random_uuid(), gen_random_uuid(), 'tamper', 1, 1, 'EUR', now())",
    );
    await run("authentication", "delete from users");
    expect(await everything()).not.toEqual(before);

    await restore(administrator, await checkBackup(file), { force: true });
    expect(await everything()).toEqual(before);
    await migrateAll();
    expect(await everything()).toEqual(before);
  });

  it("goes into a server that has nothing yet", async () => {
    const before = await everything();
    await backUp(administrator, file);
    await dropAll();
    await restore(administrator, await checkBackup(file), { force: false });
    expect(await everything()).toEqual(before);
  });

  it("of an older version has the migrations of then, and gets the others as its original would have", async () => {
    await run(
      "authentication",
      "drop table login_failures, known_sources, rate_limits",
      "delete from kysely_migration where name <> '001_users_and_sessions'",
    );
    await backUp(administrator, file);
    await restore(administrator, await checkBackup(file), { force: true });
    const tables = () =>
      withConnection(administrator, "authentication", async (client) => ({
        migrations: await migrationsOf(client),
        tables: (await tablesOf(client)).map(({ name }) => name),
      }));
    expect(await tables()).toEqual({
      migrations: ["001_users_and_sessions"],
      tables: ["users", "sessions", "refresh_tokens"],
    });
    await migrateAll();
    expect((await tables()).tables).toContain("known_sources");
  });
});
