import { resolve } from "node:path";
import { Command } from "commander";
import { backUp } from "../backup/backup.ts";
import { asAdministrator } from "./administrator.ts";
import { toldInOneLine } from "./error.ts";

await new Command("npm run backup --")
  .description(
    "Copies the databases of all services, as of one instant, to a file. The platform may run meanwhile.",
  )
  .argument("<file>", "where to; it must not exist")
  .option("--state <dir>", "folder of the platform", ".local")
  .addHelpText("after", "\nEnvironment:\n  DATABASE_URL  back up this server, as its administrator")
  .action(async (file: string, options: { state: string }) => {
    const state = resolve(options.state);
    const { takenAt, rows, bytes } = await asAdministrator({ state, environment: process.env }, (as) =>
      backUp(as, resolve(file)),
    );
    console.log(`${file}: ${rows} rows as of ${takenAt.toISOString()} in ${(bytes / 1024).toFixed(0)} KiB`);
    console.log("The file holds password hashes: keep it as safe");
  })
  .parseAsync()
  .catch(toldInOneLine);
