import { readEnvironment } from "../../services/shared/config.ts";
import { backupIn } from "../folder.ts";
import { checkBackup, restore } from "../restore.ts";
import { restoreJobEnvironment } from "./environment.ts";

const environment = readEnvironment(restoreJobEnvironment);
const file = await backupIn(environment.BACKUP_FOLDER, environment.BACKUP || undefined);
const backup = await checkBackup(file);
await restore(environment, backup, { force: true });
process.stdout.write(
  `${JSON.stringify({ restored: file, rows: backup.rows, takenAt: backup.header.takenAt })}\n`,
);
