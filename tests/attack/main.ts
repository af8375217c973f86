import { existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { outputsSchema, stateOf } from "../support/outputs.ts";
import type { Attack } from "./attack.ts";
import { attacks, families } from "./all.ts";
import { Target } from "./target.ts";

const USAGE = `npm run attack -- [--outputs FILE] [--quick] [--only TEXT] [family...]

Attacks the platform whose outputs are in a file (GATEHOUSE_OUTPUTS, or .local/outputs.json) and prints a line for each
case with its figure. Exit code 1 where one does not hold, 2 where there is nothing to run.

  --quick      the ${attacks.filter(({ quick }) => quick).length} quick cases, which are part of npm test: about a minute
               without it, all ${attacks.length}: floods, slow clients and timing too, about three minutes
  --only TEXT  the cases in whose line the text is
  family       ${families.join(", ")}`;

const { values, positionals: wanted } = parseArgs({
  options: {
    outputs: { type: "string" },
    quick: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    help: { type: "boolean", short: "h", default: false },
  },
  allowPositionals: true,
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const file = values.outputs ?? process.env["GATEHOUSE_OUTPUTS"] ?? ".local/outputs.json";
if (!existsSync(file)) fail(`no outputs in ${file}: run npm start first, or name a file with --outputs`);
const known: readonly string[] = families;
const unknown = wanted.filter((family) => !known.includes(family));
if (unknown.length > 0) fail(`no family ${unknown.join(", ")}: there are ${known.join(", ")}`);
const chosen = attacks.filter(
  ({ family, quick, threat }) =>
    (wanted.length === 0 || wanted.includes(family)) &&
    (quick || !values.quick) &&
    threat.includes(values.only),
);
if (chosen.length === 0) fail(`no case has "${values.only}" in its line`);

const target = new Target(outputsSchema.parse(JSON.parse(readFileSync(file, "utf8"))), stateOf(file));
const counts = { held: 0, broken: 0, "left out": 0 };
const start = performance.now();
for (const attack of chosen) counts[await judge(attack)] += 1;
const seconds = ((performance.now() - start) / 1000).toFixed(0);
console.log(`${counts.held} held, ${counts.broken} did not, ${counts["left out"]} left out, in ${seconds} s`);
process.exit(counts.broken === 0 ? 0 : 1);

async function judge({ family, threat, needs, run }: Attack): Promise<keyof typeof counts> {
  const lacks = target.lacks(needs);
  if (lacks.length > 0) {
    console.log(`left out  ${family}: ${threat} [it needs ${lacks.join(", ")}]`);
    return "left out";
  }
  const from = performance.now();
  const took = () => `(${((performance.now() - from) / 1000).toFixed(1)} s)`;
  try {
    const figure = await run(target);
    console.log(`held      ${family}: ${threat} [${figure}] ${took()}`);
    return "held";
  } catch (error) {
    console.log(`BROKEN    ${family}: ${threat} [${(error as Error).message}] ${took()}`);
    return "broken";
  }
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
