import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readEnvironment } from "../services/shared/config.ts";
import type { MigrationEnvironment } from "../services/shared/migrations.ts";
import { migrationEnvironment } from "../services/shared/migrations.ts";
import { issueCertificates } from "./certificate-list.ts";
import { embeddedDatabase } from "./database.ts";
import { LocalError } from "./error.ts";
import { DATABASE_ACCESS, isInUse, StateFolder } from "./state.ts";

export interface AdministratorOptions {
  readonly state: string;
  /** Where it names a server in `DATABASE_URL`, that one is meant, and not the state folder's. */
  readonly environment: NodeJS.ProcessEnv;
}

type Work<R> = (administrator: MigrationEnvironment) => Promise<R>;

/**
 * Runs with the administrator's access to a platform's database: as the platform does where it runs, else to the
 * embedded one, which is started for as long as it takes.
 * @throws LocalError where there is no platform
 */
export async function asAdministrator<R>(options: AdministratorOptions, run: Work<R>): Promise<R> {
  const { state } = options;
  if (options.environment["DATABASE_URL"] !== undefined || !isInUse(state))
    return asAdministratorOfStopped(options, run);
  const access = join(state, DATABASE_ACCESS);
  if (!existsSync(access)) throw new LocalError(`the platform in ${state} still starts: try again`);
  return run(migrationEnvironment.parse(JSON.parse(readFileSync(access, "utf8"))));
}

/**
 * The same for a platform that must not run.
 * @param fresh whether there may be no platform yet: its database is then made
 * @throws LocalError where it runs
 */
export async function asAdministratorOfStopped<R>(
  { state, environment }: AdministratorOptions,
  run: Work<R>,
  { fresh = false } = {},
): Promise<R> {
  if (environment["DATABASE_URL"] !== undefined)
    return run(readEnvironment(migrationEnvironment, environment));
  if (!fresh && !existsSync(join(state, "postgres")))
    throw new LocalError(
      `there is no platform with a database in ${state}: name its folder with --state DIR`,
    );
  const folder = await StateFolder.open(state);
  try {
    const database = await embeddedDatabase(folder, await issueCertificates(folder));
    try {
      return await run(migrationEnvironment.parse(database.administrator));
    } finally {
      await database.stop();
    }
  } finally {
    folder.close();
  }
}
