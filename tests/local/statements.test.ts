import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { catalog } from "../../services/catalog.ts";
import { servicesWithDatabase } from "../../services/shared/catalog.ts";
import { signUp } from "../support/client.ts";

/** CockroachDB's own grammar, where a checkout of it is at hand. */
const CHECK = process.env["COCKROACH_SYNTAX_CHECK"] ?? "../shared/cockroach-syntax/check";

describe("the statements that migrations and services run", () => {
  it("are recorded for every service with a database, and for the migrations", async () => {
    const { client, username } = await signUp();
    await client.post("/authentication/login", { username, password: "not the password" });
    await client.post("/products/milk-jug/buy", undefined, { headers: { "idempotency-key": "statements" } });
    await client.get("/orders?limit=1");
    await client.post("/authentication/refresh");
    await client.post("/authentication/logout");
    const applications = new Set(statements().map(({ application }) => application));
    for (const service of servicesWithDatabase(catalog)) expect(applications).toContain(service);
    expect(applications).toContain("migrations");
  });

  it.runIf(existsSync(CHECK))("are all of CockroachDB's grammar", () => {
    const all = [...new Set(statements().map(({ sql }) => sql))];
    const input = all.map((sql) => JSON.stringify(sql)).join("\n");
    console.log(`${all.length} different statements go to CockroachDB's parser`);
    expect(() => execFileSync(CHECK, { input, stdio: ["pipe", "pipe", "pipe"] })).not.toThrow();
  });

  it("carry no value of a user", () => {
    const text = statements()
      .map(({ sql }) => sql)
      .join("\n");
    expect(text).not.toMatch(/\$argon2id\$/);
    expect(text).not.toMatch(/user-[0-9a-f]{12}/);
  });
});

interface Statement {
  application: string;
  sql: string;
}

/** What the server wrote down, of the platform's own connections. */
function statements(): Statement[] {
  const own = new Set<string>([...servicesWithDatabase(catalog), "migrations"]);
  return readFileSync(join(inject("state"), "postgres/statements/statements.json"), "utf8")
    .split("\n")
    .filter((line) => line.endsWith("}"))
    .map((line) => JSON.parse(line) as { application_name?: string; message?: string })
    .flatMap(({ application_name: application = "", message = "" }) => {
      const sql = /^(?:statement|execute [^:]*): (.*)$/s.exec(message)?.[1];
      return sql !== undefined && own.has(application) ? [{ application, sql }] : [];
    });
}
