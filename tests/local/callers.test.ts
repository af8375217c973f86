import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import pg from "pg";
import { describe, expect, inject, it } from "vitest";
import { catalog } from "../../services/catalog.ts";
import { allRoutes, GATEWAY, PROMETHEUS, servicesWithDatabase } from "../../services/shared/catalog.ts";

const state = inject("state");
const pem = (name: string) => readFileSync(join(state, "certificates", name));
const routes = allRoutes(catalog, { drills: false });
const callers = [GATEWAY, PROMETHEUS, ...Object.keys(catalog), undefined];

describe("a service called directly", () => {
  const cases = routes.flatMap((route) => callers.map((caller) => ({ route, caller })));

  it.each(cases)(
    "$route.service $route.method $route.path lets in $caller only if the catalog names it",
    async ({ route, caller }) => {
      const path = route.path.replace("{id}", "none");
      const status = await call(route.service, route.method, path, caller);
      if (caller !== undefined && route.callers.includes(caller)) expect(status).not.toBe(403);
      else expect(status).toBe(403);
    },
  );

  it.each(Object.keys(catalog))("%s answers /health to anyone, and nothing else", async (service) => {
    expect(await call(service, "GET", "/health", undefined)).toBe(200);
    expect(await call(service, "GET", "/health/ready", undefined)).toBe(200);
    expect(await call(service, "GET", "/", undefined)).toBe(403);
  });

  it("takes no certificate of another CA", async () => {
    expect(await call("orders", "GET", "/orders", "stranger")).toBe(403);
  });
});

describe("the database", () => {
  const services = servicesWithDatabase(catalog);
  const pairs = services.flatMap((login) => services.map((database) => [login, database] as const));

  it.each(pairs)("as %s opens %s only if it is its own", async (login, database) => {
    const rows = query(login, database, "select 1 as one");
    if (login === database) expect(await rows).toEqual([{ one: 1 }]);
    else await expect(rows).rejects.toThrow(/permission denied for database/);
  });

  it("lets no service change its tables or read the record of migrations", async () => {
    await expect(query("orders", "orders", "drop table orders")).rejects.toThrow(/must be owner/);
    await expect(query("orders", "orders", "create table x (a int)")).rejects.toThrow(/permission denied/);
    await expect(query("orders", "orders", "select * from kysely_migration")).rejects.toThrow(
      /permission denied/,
    );
  });

  it("lets in nobody without a certificate, or with another's", async () => {
    const url = new URL(databaseUrl());
    url.username = "products";
    const plain = new pg.Client({ connectionString: url.href, ssl: false });
    await expect(plain.connect()).rejects.toThrow(/no pg_hba.conf entry|no encryption/);
    await expect(query("orders", "products", "select 1", "products")).rejects.toThrow(
      /certificate authentication failed/,
    );
  });
});

/** The port of a service's first replica is in its log. */
function portOf(service: string): number {
  const log = readFileSync(join(state, `logs/${service}-1.log`), "utf8");
  return Number(/"port":(\d+)/.exec(log)?.[1]);
}

function call(
  service: string,
  method: string,
  path: string,
  caller: string | undefined,
): Promise<number | undefined> {
  const identity =
    caller === undefined
      ? {}
      : caller === "stranger"
        ? strangersCertificate()
        : { cert: pem(`${caller}.crt`), key: pem(`${caller}.key`) };
  return new Promise((resolve, reject) => {
    const target = {
      host: "127.0.0.1",
      port: portOf(service),
      servername: service,
      ca: pem("ca.crt"),
      agent: false,
    };
    const headers = { "x-user-id": randomUUID(), "content-type": "application/json" };
    const sent = request({ ...target, ...identity, method, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on("error", reject).end();
  });
}

/** The edge's own certificate is good for a server alone: shown by a client it proves nothing. */
function strangersCertificate(): { cert: Buffer; key: Buffer } {
  return { cert: pem("edge.crt"), key: pem("edge.key") };
}

function databaseUrl(): string {
  const port = readFileSync(join(state, "postgres/postmaster.pid"), "utf8").split("\n")[3];
  return `postgresql://root@127.0.0.1:${port ?? ""}/postgres`;
}

async function query(login: string, database: string, sql: string, as = login): Promise<unknown[]> {
  const url = new URL(databaseUrl());
  url.username = as;
  url.pathname = `/${database}`;
  const ssl = { ca: pem("ca.crt"), cert: pem(`database-${login}.crt`), key: pem(`database-${login}.key`) };
  const client = new pg.Client({ connectionString: url.href, ssl });
  await client.connect();
  try {
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end();
  }
}
