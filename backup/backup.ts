import { existsSync } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { catalog } from "../services/catalog.ts";
import { servicesWithDatabase } from "../services/shared/catalog.ts";
import type { MigrationEnvironment } from "../services/shared/migrations.ts";
import { BackupError } from "./error.ts";
import type { Section } from "./format.ts";
import { writeBackup } from "./format.ts";
import type { Instant } from "./instant.ts";
import { openInstant } from "./instant.ts";
import { migrationsOf, rowsOf } from "./tables.ts";

export interface BackupSummary {
  readonly takenAt: Date;
  readonly rows: number;
  readonly bytes: number;
}

/**
 * Copies the databases of all services, as of one instant, to a file. Services go on meanwhile.
 * @param environment how to reach the server as its administrator
 * @throws BackupError where the file exists or the databases cannot be read; then there is no file
 */
export async function backUp(environment: MigrationEnvironment, file: string): Promise<BackupSummary> {
  if (existsSync(file)) throw new BackupError(`${file} exists: choose another name, or remove it`);
  const draft = `${file}.${process.pid}.partial`;
  const instant = await openInstant(environment, servicesWithDatabase(catalog));
  try {
    const { rows } = await writeBackup(draft, await headerOf(instant), sectionsOf(instant));
    await rename(draft, file);
    return { takenAt: instant.takenAt, rows, bytes: (await stat(file)).size };
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  } finally {
    await instant.close();
  }
}

async function headerOf({ takenAt, snapshots }: Instant) {
  const databases = [];
  for (const { database: name, client, tables } of snapshots)
    databases.push({ name, migrations: await migrationsOf(client), tables: [...tables] });
  return { takenAt: takenAt.toISOString(), databases };
}

async function* sectionsOf({ snapshots }: Instant): AsyncGenerator<Section> {
  for (const { database, client, tables } of snapshots) {
    for (const table of tables)
      for await (const rows of rowsOf(client, table)) yield { database, table, rows };
  }
}
