import { existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { outputsSchema, stateOf } from "../support/outputs.ts";
import type { Attack } from "./attack.ts";
import { attacks } from "./all.ts";
import { Target } from "./target.ts";

/**
 * `npm run attack [-- --outputs FILE] [family...]`: runs the attacks against the platform whose outputs are in a file
 * (GATEHOUSE_OUTPUTS, or .local/outputs.json) and prints one line for each with its figure. Exit code 1 where one does
 * not hold, 2 where there is nothing to run.
 */
const { values, positionals: families } = parseArgs({
  options: { outputs: { type: "string" }, quick: { type: "boolean", default: false } },
  allowPositionals: true,
});
const file = values.outputs ?? process.env["GATEHOUSE_OUTPUTS"] ?? ".local/outputs.json";
if (!existsSync(file)) fail(`no outputs in ${file}: run npm start first, or name a file with --outputs`);
const known = new Set(attacks.map(({ family }) => family as string));
const unknown = families.filter((family) => !known.has(family));
if (unknown.length > 0) fail(`no family ${unknown.join(", ")}: there are ${[...known].join(", ")}`);

const target = new Target(outputsSchema.parse(JSON.parse(readFileSync(file, "utf8"))), stateOf(file));
const chosen = attacks.filter(
  ({ family, quick }) => (families.length === 0 || families.includes(family)) && (quick || !values.quick),
);
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
