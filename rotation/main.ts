import { setTimeout as sleep } from "node:timers/promises";
import { RotationError } from "./error.ts";
import { localTarget } from "./local-target.ts";
import { parseOptions } from "./options.ts";
import { rotate } from "./rotate.ts";
import { stackTarget } from "./stack-target.ts";

const { kind, state, stack, walk, now } = parseOptions(process.argv.slice(2));
const say = (line: string) => console.log(`${new Date().toISOString()}  ${line}`);
const target = stack === undefined ? localTarget(state) : stackTarget(stack);
try {
  await rotate(kind, target, { walk, now, say, wait: (seconds) => sleep(seconds * 1000) });
} catch (error) {
  if (!(error instanceof RotationError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await target.close();
}
