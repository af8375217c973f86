import { once } from "node:events";
import { join } from "node:path";
import { LocalError } from "./error.ts";
import { LogFiles } from "./log-files.ts";
import { prettyLine } from "./log-lines.ts";
import { parseOptions } from "./options.ts";
import { startPlatform } from "./platform.ts";
import type { Platform } from "./platform.ts";
import { printedProgress } from "./progress.ts";

const options = parseOptions(process.argv.slice(2), process.env);
const stop = new AbortController();
const stopAsked = once(stop.signal, "abort");
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => stop.abort());

console.log("Gatehouse starts");
if (options.logs) void printLogs();
const start = performance.now();
try {
  const platform = await startPlatform(options, printedProgress(process.stdout, stop.signal));
  printWelcome(platform, (performance.now() - start) / 1000);
  await stopAsked;
  console.log("\nstopping");
  await platform.stop();
} catch (error) {
  if (!stop.signal.aborted) {
    const told = error instanceof LocalError ? error.message : ((error as Error).stack ?? String(error));
    console.error(`\nGatehouse cannot run: ${told}`);
    process.exit(1);
  }
}
console.log("stopped");
process.exit(0);

async function printLogs(): Promise<void> {
  const files = new LogFiles(join(options.state, "logs"));
  files.skip();
  for await (const line of files.follow({}, stop.signal)) console.log(prettyLine(line, 18));
}

function printWelcome({ outputs, outputsFile, caFile, dashboardUrl }: Platform, seconds: number): void {
  console.log(`ready in ${seconds.toFixed(1)} s

  gateway   ${outputs.gatewayUrl}${dashboardUrl === undefined ? "" : `\n  dashboard ${dashboardUrl}`}
  CA file   ${caFile}
  outputs   ${outputsFile}
  admin     ${outputs.adminUsername}; the password is "adminPassword" in the outputs

Try:
  curl --cacert ${caFile} ${outputs.gatewayUrl}/authentication/registration \\
    --json '{"username": "alice", "password": "correct horse battery staple"}'

Ctrl-C stops everything; data stays.`);
}
