import { join, resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { LogFiles } from "./log-files.ts";
import type { Level, LogLine } from "./log-lines.ts";
import { LEVELS, prettyLine } from "./log-lines.ts";

const command = new Command("npm run logs --")
  .description("Shows the logs of the platform that runs, or ran last, on this machine.")
  .argument("[service]", "of one service, one replica of it (orders-1), the gateway or postgres only")
  .option("-f, --follow", "go on as lines come")
  .option("-n, --lines <count>", "how many of the last lines", count, 200)
  .option("--json", "as the processes wrote them")
  .addOption(new Option("--level <level>", "nothing less severe").choices(LEVELS))
  .option("--request <id>", "of one request, through all services")
  .option("--state <dir>", "folder of the platform", ".local")
  .parse(["node", "logs", ...process.argv.slice(2)]);
const options = command.opts<{
  follow?: boolean;
  lines: number;
  json?: boolean;
  level?: Level;
  request?: string;
  state: string;
}>();

const filter = { process: command.args[0], level: options.level, requestId: options.request };
const files = new LogFiles(join(resolve(options.state), "logs"));
const show = (line: LogLine) => console.log(options.json ? line.raw : prettyLine(line, 18));

for (const line of files.read(filter).slice(-options.lines)) show(line);
if (options.follow) {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => stop.abort());
  for await (const line of files.follow(filter, stop.signal)) show(line);
}

function count(text: string): number {
  if (!/^\d{1,7}$/.test(text) || Number(text) < 1)
    throw new InvalidArgumentError("Give a whole number from 1.");
  return Number(text);
}
