import { randomBytes } from "node:crypto";
import type { Client } from "pg";
import { inject } from "vitest";
import type { MigrationEnvironment } from "../services/shared/migrations.ts";
import { connect, withConnection } from "./connection.ts";

/** The administrator's way to the server of the unit tests. */
export const administrator = inject("administrator") as unknown as MigrationEnvironment;

/** A database of its own with some tables. */
export async function scratchDatabase(
  ...statements: readonly string[]
): Promise<{ name: string; client: Client; drop: () => Promise<void> }> {
  const name = `backup_${randomBytes(6).toString("hex")}`;
  await withConnection(administrator, undefined, (server) => server.query(`create database ${name}`));
  const client = await connect(administrator, name);
  for (const statement of statements) await client.query(statement);
  return {
    name,
    client,
    async drop() {
      await client.end();
      await withConnection(administrator, undefined, (server) =>
        server.query(`drop database if exists ${name} with (force)`),
      );
    },
  };
}
