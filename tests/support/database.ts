import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inject } from "vitest";
import pg from "pg";

/** Connects to a database of a local platform as its administrator. */
export async function connectAsAdministrator(database: string, state = inject("state")): Promise<pg.Client> {
  // The fourth line of PostgreSQL's own lock file is its port.
  const port = Number(readFileSync(join(state, "postgres/postmaster.pid"), "utf8").split("\n")[3]);
  const file = (name: string) => readFileSync(join(state, "certificates", name));
  const ssl = { ca: file("ca.crt"), cert: file("database-root.crt"), key: file("database-root.key") };
  const client = new pg.Client({
    host: "127.0.0.1",
    port,
    user: "root",
    database,
    ssl,
    application_name: "test",
  });
  // The test may end the server: that is no error of the test.
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

/** Runs one statement as the administrator and gives its rows. */
export async function queryAsAdministrator<R extends object>(
  database: string,
  sql: string,
  values: readonly unknown[] = [],
  state = inject("state"),
): Promise<R[]> {
  const client = await connectAsAdministrator(database, state);
  try {
    return (await client.query<R>(sql, [...values])).rows;
  } finally {
    await client.end();
  }
}

/** The process of a pid and those that it started. Of Linux alone. */
export function familyOf(pid: number): number[] {
  const children = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => parentOf(name) === pid)
    .map(Number);
  return [pid, ...children];
}

function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}
