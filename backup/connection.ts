import pg from "pg";
import type { MigrationEnvironment } from "../services/shared/migrations.ts";
import { administratorConnection } from "../services/shared/migrations.ts";
import { BackupError } from "./error.ts";

/** How values are written as text, whatever the server's own settings are: exactly, and alike everywhere. */
const TEXT_FORMS = `
  set timezone = 'UTC';
  set datestyle = 'ISO, MDY';
  set intervalstyle = 'postgres';
  set bytea_output = 'hex';
  set extra_float_digits = 1`;

/**
 * Connects as the administrator. Values come as the server's own text, for a trip through JavaScript's types would
 * round them: a Date has no microseconds.
 * @param database the URL's own where none is given
 * @throws BackupError where the server has no such database
 */
export async function connect(environment: MigrationEnvironment, database?: string): Promise<pg.Client> {
  const client = new pg.Client({
    ...administratorConnection(environment, database),
    application_name: "backup",
    types: { getTypeParser: () => (text: string) => text },
  });
  try {
    await client.connect();
    await client.query(TEXT_FORMS);
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    const { code } = error as { code?: string };
    if (code === "3D000")
      throw new BackupError(`there is no database "${database ?? ""}": nothing to back up`);
    throw error;
  }
}

/** Runs with a connection of its own. */
export async function withConnection<R>(
  environment: MigrationEnvironment,
  database: string | undefined,
  run: (client: pg.Client) => Promise<R>,
): Promise<R> {
  const client = await connect(environment, database);
  try {
    return await run(client);
  } finally {
    await client.end();
  }
}
