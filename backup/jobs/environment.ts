import { z } from "zod";
import type { EnvironmentFor } from "../../services/shared/config.ts";
import { migrationEnvironment } from "../../services/shared/migrations.ts";

/** What the job that backs up reads: how to reach the server, and what becomes of its backups. */
export const backupJobEnvironment = migrationEnvironment.extend({
  BACKUP_FOLDER: z.string().min(1),
  BACKUPS_KEPT: z.coerce.number<string>().int().min(1),
});
export type BackupJobVariables = EnvironmentFor<typeof backupJobEnvironment>;

/** What the job that restores reads: how to reach the server as its administrator, and which backup is meant. */
export const restoreJobEnvironment = migrationEnvironment.extend({
  BACKUP_FOLDER: z.string().min(1),
  /** Name of a file in the folder; empty for the newest. */
  BACKUP: z.string().optional(),
});
export type RestoreJobVariables = EnvironmentFor<typeof restoreJobEnvironment>;
