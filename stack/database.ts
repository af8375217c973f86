import type * as pulumi from "@pulumi/pulumi";
import type { DatabaseEnvironment } from "../services/shared/config.ts";
import { BACKUP, RESTORE } from "../services/shared/catalog.ts";
import type { CertificateAuthority } from "./certificates.ts";
import { CockroachDatabase } from "./cockroachdb.ts";
import type { StackConfig } from "./config.ts";
import { ExternalDatabase } from "./external-database.ts";
import { MIGRATIONS } from "./migrations.ts";
import type { PlatformNamespace } from "./namespace.ts";
import type { EnvVar, SecretFolder } from "./pods.ts";

/** How one process reaches the database: what its container needs, and nothing about where that comes from. */
export interface DatabaseAccess {
  readonly environment: readonly EnvVar[];
  readonly secrets: readonly SecretFolder[];
}

/** Names of the variables that a service's own configuration reads, so that a misspelt one does not compile. */
export type DatabaseVariables = Partial<Record<keyof DatabaseEnvironment, pulumi.Input<string>>>;

/** What the rest of the stack knows of a database. */
export interface Database {
  /** As the login of a service, to the service's own database; of what backs up, to any. */
  login(name: string): DatabaseAccess;
  /** As the administrator; to migrate a service, with the logins that it is to have. */
  administrator(service?: string): DatabaseAccess;
  /** Names of the pods to which clients connect; none where the database is elsewhere. */
  readonly pods: readonly string[];
  readonly port: pulumi.Input<number>;
  /** What must be there before anybody connects. */
  readonly ready: readonly pulumi.Resource[];
}

export interface DatabaseArgs {
  readonly namespace: PlatformNamespace;
  readonly authority: CertificateAuthority;
  readonly config: Pick<StackConfig, "backups" | "database" | "images">;
  /** Services with a database of their own. */
  readonly services: readonly string[];
}

/** The database that the configuration asks for. */
export function createDatabase(
  name: string,
  { config, ...args }: DatabaseArgs,
  opts?: pulumi.ComponentResourceOptions,
): Database {
  const { backups, database: settings, images } = config;
  const [readers, writers] = backups === undefined ? [[], []] : [[BACKUP], [RESTORE]];
  if (settings.mode === "external") return new ExternalDatabase(name, { ...args, settings, readers }, opts);
  const clients = [...args.services, MIGRATIONS, ...readers, ...writers];
  return new CockroachDatabase(name, { ...args, settings, clients, imageBase: images.base }, opts);
}
