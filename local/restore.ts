import { resolve } from "node:path";
import { Command } from "commander";
import { checkBackup, restore } from "../backup/restore.ts";
import { asAdministratorOfStopped } from "./administrator.ts";
import { toldInOneLine } from "./error.ts";

await new Command("npm run restore --")
  .description("Puts a backup into a new platform, or with --force in the place of a stopped one's data.")
  .argument("<file>", "a backup")
  .option("--state <dir>", "folder of the platform", ".local")
  .option("--force", "replace the data that is there", false)
  .option("--check", "only read the backup, from end to end", false)
  .addHelpText("after", "\nEnvironment:\n  DATABASE_URL  restore into this server, as its administrator")
  .action(async (file: string, options: { state: string; force: boolean; check: boolean }) => {
    const state = resolve(options.state);
    const backup = await checkBackup(resolve(file));
    console.log(`${file} is whole: ${backup.rows} rows as of ${backup.header.takenAt}`);
    if (options.check) return;
    const { force } = options;
    await asAdministratorOfStopped(
      { state, environment: process.env },
      (as) => restore(as, backup, { force }),
      {
        fresh: true,
      },
    );
    console.log("restored; npm start brings it up to date");
  })
  .parseAsync()
  .catch(toldInOneLine);
