import { readEnvironment } from "../../services/shared/config.ts";
import { backUp } from "../backup.ts";
import { keepBackup } from "../folder.ts";
import { backupJobEnvironment } from "./environment.ts";

const environment = readEnvironment(backupJobEnvironment);
const { name, rows, bytes, takenAt, removed } = await keepBackup(
  environment.BACKUP_FOLDER,
  environment.BACKUPS_KEPT,
  (file) => backUp(environment, file),
);
process.stdout.write(`${JSON.stringify({ backup: name, rows, bytes, takenAt, removed })}\n`);
