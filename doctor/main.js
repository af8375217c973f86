import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { kubernetesChecks } from "./kubernetes-checks.js";
import { thisMachine } from "./machine.js";
import { examine, fails, report } from "./report.js";
import { readStack } from "./stack.js";
import { startChecks } from "./start-checks.js";

const USAGE = `Usage: npm run doctor -- [--kubernetes] [--stack NAME]

Says what this machine lacks, and the command that mends it. Ends with 1 where \`npm start\` lacks something.

  --kubernetes  end with 1 too where \`pulumi up\` lacks something
  --stack NAME  the stack whose cluster, charts and registry are asked (default: the one that Pulumi has selected, or dev)`;

const options = readOptions();
const machine = thisMachine(fileURLToPath(new URL("..", import.meta.url)));
const stack = await readStack(machine, options.stack);
const examined = await examine([...startChecks, ...kubernetesChecks], machine, stack);
console.log(report(examined, process.stdout.isTTY && !process.env.NO_COLOR));
process.exitCode = fails(examined, options.kubernetes ? ["start", "kubernetes"] : ["start"]) ? 1 : 0;

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        kubernetes: { type: "boolean", default: false },
        stack: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (!values.help) return values;
    console.log(USAGE);
    process.exit(0);
  } catch (error) {
    console.error(`${/** @type {Error} */ (error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}
