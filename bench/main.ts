import { readFileSync, writeFileSync } from "node:fs";
import { delimiter } from "node:path";
import { measure } from "./measure.ts";
import type { Candidate } from "./measure.ts";
import { parseOptions } from "./options.ts";
import { prove } from "./proof.ts";
import { fallen, keptRatios, measuredRatios } from "./ratios.ts";
import type { KeptRatios } from "./ratios.ts";
import { describeMachine, renderReport } from "./report.ts";
import { Stage } from "./stage.ts";

/**
 * `npm run bench [-- subject...]`: measures all subjects side by side and writes the tables to `bench/results/`; with
 * --quick compares with what is kept there, and exits with 1 where a ratio fell.
 */
const options = parseOptions(process.argv.slice(2));
const keptFile = new URL("results/ratios.json", import.meta.url);
const tableFile = new URL("results/table.md", import.meta.url);
// Where `python3 -m venv bench/.venv` has put the peers that are on PyPI.
process.env["PATH"] = [new URL(".venv/bin", import.meta.url).pathname, process.env["PATH"]].join(delimiter);

const machine = describeMachine();
const stage = await Stage.open();
const candidates: Candidate[] = [];
const left: string[] = [];
const stop = async () => {
  for (const { running } of candidates) await running.stop();
  await stage.close();
};
for (const signal of ["SIGINT", "SIGTERM"])
  process.once(signal, () => void stop().finally(() => process.exit(1)));
try {
  for (const subject of options.subjects) {
    const lacks = await subject.lacks?.();
    if (lacks !== undefined) {
      left.push(`${subject.name}, for this machine lacks ${lacks}`);
      console.error(left.at(-1));
      continue;
    }
    const running = await subject.start(stage);
    candidates.push({ subject, running });
    await prove(subject, running, stage);
  }
  const figures = await measure(candidates, stage, options.plan, (line) => console.error(line));
  const ratios = measuredRatios(figures);
  const circumstances = { plan: options.plan, left, machine };
  const table = renderReport(options.subjects, figures, ratios, circumstances);
  console.log(table);
  const now = keptRatios(ratios);
  if (options.quick) {
    const worse = fallen(now, JSON.parse(readFileSync(keptFile, "utf8")) as KeptRatios);
    for (const line of worse) console.log(line);
    process.exitCode = worse.length === 0 ? 0 : 1;
  } else if (options.keep) {
    writeFileSync(tableFile, table);
    writeFileSync(keptFile, `${JSON.stringify(now, null, 2)}\n`);
  }
} finally {
  await stop();
}
