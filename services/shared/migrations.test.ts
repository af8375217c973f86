import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { sql } from "kysely";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { migrations as authenticationMigrations } from "../authentication/migrations.ts";
import { migrations as ordersMigrations } from "../orders/migrations.ts";
import { connectionTls } from "./database.ts";
import type { MigrationEnvironment } from "./migrations.ts";
import { readEnvironment } from "./config.ts";
import { loginName } from "./logins.ts";
import { migrateService, migrationEnvironment } from "./migrations.ts";
import { TestCertificates } from "../../tests/support/certificates.ts";

const administrator = inject("administrator") as unknown as MigrationEnvironment;
const newService = () => `service-${randomBytes(4).toString("hex")}`;
const orders = newService();
const users = newService();
const created = [orders, users];

let certificates: TestCertificates;

beforeAll(async () => {
  certificates = await TestCertificates.open(administrator.DATABASE_CA_FILE);
  await migrateService({ service: orders, migrations: ordersMigrations }, administrator);
  await migrateService({ service: users, migrations: authenticationMigrations }, administrator);
});
afterAll(async () => {
  await asAdministrator(async (client) => {
    for (const name of created) {
      await client.query(`drop database if exists "${name}" with (force)`);
      await client.query(`drop role if exists "${name}"`);
    }
  });
  certificates.remove();
});

async function withClient<R>(config: pg.ClientConfig, run: (client: pg.Client) => Promise<R>): Promise<R> {
  const client = new pg.Client(config);
  await client.connect();
  try {
    return await run(client);
  } finally {
    await client.end();
  }
}

function asAdministrator<R>(run: (client: pg.Client) => Promise<R>, database = "postgres"): Promise<R> {
  const url = new URL(administrator.DATABASE_URL);
  url.pathname = `/${database}`;
  return withClient({ connectionString: url.href, ...connectionTls(administrator) }, run);
}

/** Runs SQL as a service's own login, over TLS with its certificate, as the service does. */
async function asService(login: string, query: string, database = login): Promise<unknown[]> {
  const { hostname, port } = new URL(administrator.DATABASE_URL);
  const ssl = { ca: readFileSync(certificates.caFile), ...(await certificates.identity(login)) };
  const config = { host: hostname, port: Number(port), user: login, database, ssl };
  return withClient(config, async (client) => (await client.query<object>(query)).rows);
}

const permissionDenied = { code: "42501" };

describe("the migration of a service", () => {
  it("may run again, and keeps what is there", async () => {
    await asService(
      users,
      "insert into users (username, username_key, password_hash) values ('a', 'a', 'x')",
    );
    await migrateService({ service: users, migrations: authenticationMigrations }, administrator);
    expect(await asService(users, "select username from users")).toEqual([{ username: "a" }]);
  });

  it("runs its seed each time, on migrated tables", async () => {
    const seen: unknown[] = [];
    for (let run = 0; run < 2; run++) {
      await migrateService(
        {
          service: orders,
          migrations: ordersMigrations,
          seed: async (db) => {
            seen.push((await sql`select count(*)::int as count from orders`.execute(db)).rows);
          },
        },
        administrator,
      );
    }
    expect(seen).toEqual([[{ count: 0 }], [{ count: 0 }]]);
  });

  it("may run several times at once, also for a service that is new", async () => {
    for (let round = 0; round < 2; round++) {
      const service = newService();
      created.push(service);
      const options = { service, migrations: ordersMigrations };
      await Promise.all([1, 2, 3].map(() => migrateService(options, administrator)));
      expect(await asService(service, "select * from orders")).toEqual([]);
      const applied = await asAdministrator(
        (client) => client.query("select name from kysely_migration"),
        service,
      );
      expect(applied.rows).toEqual([{ name: "001_orders" }]);
    }
  });

  it("that fails says so with its cause, and leaves nothing half done", async () => {
    const service = newService();
    created.push(service);
    const broken = {
      ...ordersMigrations,
      "002_broken": { up: () => Promise.reject(new Error("not like this")) },
    };
    await expect(migrateService({ service, migrations: broken }, administrator)).rejects.toMatchObject({
      message: "the migrations of the tables failed",
      cause: expect.objectContaining({ message: "not like this" }) as unknown,
    });
    await migrateService({ service, migrations: ordersMigrations }, administrator);
    expect(await asService(service, "select * from orders")).toEqual([]);
  });
});

describe("the login of what backs up", () => {
  it("reads the rows of every service, and which migrations those have had", async () => {
    for (const [database, table] of [
      [orders, "orders"],
      [users, "users"],
      [users, "kysely_migration"],
    ] as const)
      await expect(asService("backup", `select * from ${table}`, database)).resolves.toBeInstanceOf(Array);
  });

  it("writes none", async () => {
    for (const statement of [
      "delete from users",
      "update users set username = 'b'",
      "create table more (id int)",
    ])
      await expect(asService("backup", statement, users)).rejects.toMatchObject(permissionDenied);
  });
});

describe("the logins of a service with passwords", () => {
  const service = newService();
  created.push(service);
  const [first, second] = [loginName(service, 1), loginName(service, 2)];
  const password = "it's a long one\\";
  const migrate = (...logins: string[]) =>
    migrateService(
      { service, migrations: ordersMigrations },
      { ...administrator, DATABASE_LOGINS: Object.fromEntries(logins.map((login) => [login, password])) },
    );

  it("are as many as are given, each with its password and the rights of the service", async () => {
    await migrate(first, second);
    for (const login of [first, second]) {
      expect(await asService(login, "select * from orders", service)).toEqual([]);
      await expect(asService(login, "drop table orders", service)).rejects.toMatchObject(permissionDenied);
      await expect(asService(login, "select 1", orders)).rejects.toMatchObject(permissionDenied);
    }
    const { rows } = await asAdministrator((client) =>
      client.query<{ rolpassword: string }>("select rolpassword from pg_authid where rolname = any($1)", [
        [first, second],
      ]),
    );
    expect(rows.map(({ rolpassword }) => rolpassword.startsWith("SCRAM-SHA-256$"))).toEqual([true, true]);
  });

  it("are the only ones: nobody signs in as the service itself", async () => {
    await expect(asService(service, "select 1")).rejects.toThrow(/not permitted to log in/);
  });

  it("are dropped where they are not given any more, and those of other services stay", async () => {
    const similar = `${service}x_1`;
    await asAdministrator((client) => client.query(`create user "${similar}"`));
    await migrate(second);
    await expect(asService(first, "select 1", service)).rejects.toThrow(/does not exist/);
    expect(await asService(second, "select * from orders", service)).toEqual([]);
    await asAdministrator(async (client) => {
      expect((await client.query("select 1 from pg_roles where rolname = $1", [similar])).rowCount).toBe(1);
      for (const login of [similar, second]) await client.query(`drop user "${login}"`);
    });
  });

  it("come with those of what backs up, which reads only", async () => {
    await migrate(second, "backup_7");
    expect(await asService("backup_7", "select * from orders", service)).toEqual([]);
    await expect(asService("backup_7", "delete from orders", service)).rejects.toMatchObject(
      permissionDenied,
    );
    await migrate(second);
    await expect(asService("backup_7", "select 1", service)).rejects.toThrow(/does not exist/);
    await asAdministrator((client) => client.query(`drop user "${second}"`));
  });

  it("are refused where they are no JSON, without a word of them", () => {
    const read = (text: string) =>
      readEnvironment(migrationEnvironment, { ...inject("administrator"), DATABASE_LOGINS: text });
    expect(() => read("hunter2")).toThrow(/^environment: DATABASE_LOGINS: expected JSON$/);
    expect(() => read('{"orders_1": "hunter2"}')).toThrow(/DATABASE_LOGINS.orders_1: /);
    expect(() => read('{"orders_1": "hunter2"}')).not.toThrow(/hunter2/);
  });
});

describe("a service's login", () => {
  it("reads, writes and removes rows of its own tables", async () => {
    const row = "gen_random_uuid(), gen_random_uuid(), 'moka-pot', 1, 1, 'EUR', now()";
    await asService(orders, `insert into orders values (${row})`);
    await asService(orders, "update orders set quantity = 2");
    expect(await asService(orders, "select quantity from orders")).toEqual([{ quantity: 2 }]);
    await asService(orders, "delete from orders");
    expect(await asService(orders, "select quantity from orders")).toEqual([]);
  });

  it.each([
    ["create a table", "create table mine (id int)"],
    ["create a schema", "create schema mine"],
    ["create a database", "create database mine"],
    ["create a login", "create user mine"],
    ["alter its tables", "alter table orders add column extra int"],
    ["drop its tables", "drop table orders"],
    ["empty its tables", "truncate orders"],
    ["create an index", "create index mine on orders (quantity)"],
    ["read the list of migrations", "select * from kysely_migration"],
    ["change the list of migrations", "delete from kysely_migration"],
    ["take the lock of migrations", "select * from kysely_migration_lock for update"],
    ["become the administrator", "set role root"],
    ["read other logins' passwords", "select * from pg_authid"],
    ["read files of the server", "select pg_read_file('PG_VERSION')"],
  ])("cannot %s", async (_what, query) => {
    await expect(asService(orders, query)).rejects.toMatchObject(permissionDenied);
  });

  it("cannot enter another service's database, nor that one's login its own", async () => {
    await expect(asService(orders, "select 1", users)).rejects.toMatchObject(permissionDenied);
    await expect(asService(users, "select 1", orders)).rejects.toMatchObject(permissionDenied);
  });
});
