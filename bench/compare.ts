import { readFileSync, writeFileSync } from "node:fs";
import type { Candidate } from "./measure.ts";
import { measure } from "./measure.ts";
import type { BenchOptions } from "./options.ts";
import { prove } from "./proof.ts";
import type { KeptRatios } from "./ratios.ts";
import { fallen, keptRatios, measuredRatios } from "./ratios.ts";
import { describeMachine, renderReport } from "./report.ts";
import { Stage } from "./stage.ts";

const keptFile = new URL("results/ratios.json", import.meta.url);
const tableFile = new URL("results/table.md", import.meta.url);

/** Measures subjects side by side, and tells which ratios fell where they are kept. */
export async function compare(options: BenchOptions, stop: AbortSignal): Promise<void> {
  const machine = describeMachine();
  await using stage = await Stage.open(stop);
  const candidates: Candidate[] = [];
  const left: string[] = [];
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
  if (options.keep) {
    const now = keptRatios(ratios);
    const kept = JSON.parse(readFileSync(keptFile, "utf8")) as KeptRatios;
    for (const line of fallen(now, kept)) console.log(line);
    writeFileSync(tableFile, table);
    writeFileSync(keptFile, `${JSON.stringify(now, null, 2)}\n`);
  }
}
