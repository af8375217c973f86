import { LocalError } from "./error.ts";
import { parseOptions } from "./options.ts";
import { startPlatform } from "./platform.ts";
import type { Platform } from "./platform.ts";
import { printedProgress } from "./progress.ts";

const options = parseOptions(process.argv.slice(2), process.env);
const stopAsked = new Promise<string>((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, resolve);
});

console.log("Gatehouse starts");
const start = performance.now();
try {
  const platform = await startPlatform(options, printedProgress(process.stdout));
  printWelcome(platform, (performance.now() - start) / 1000);
  console.log(`\n${await stopAsked}: stopping`);
  await platform.stop();
  console.log("stopped");
  process.exit(0);
} catch (error) {
  const told = error instanceof LocalError ? error.message : ((error as Error).stack ?? String(error));
  console.error(`\nGatehouse cannot run: ${told}`);
  process.exit(1);
}

function printWelcome({ outputs, outputsFile, caFile }: Platform, seconds: number): void {
  console.log(`ready in ${seconds.toFixed(1)} s

  gateway   ${outputs.gatewayUrl}
  CA file   ${caFile}
  outputs   ${outputsFile}
  admin     ${outputs.adminUsername}; the password is "adminPassword" in the outputs

Try:
  curl --cacert ${caFile} ${outputs.gatewayUrl}/authentication/registration \\
    --json '{"username": "alice", "password": "correct horse battery staple"}'

Ctrl-C stops everything; data stays.`);
}
