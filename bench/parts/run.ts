import { writeFileSync } from "node:fs";
import { describeMachine } from "../report.ts";
import type { Part } from "./part.ts";
import { isMet, renderPart } from "./part.ts";

/** Measures parts one after the other, and keeps the page and the pictures of each. */
export async function runParts(parts: readonly Part[], stop: AbortSignal): Promise<void> {
  for (const part of parts) {
    console.error(part.name);
    const circumstances = `${new Date().toISOString().slice(0, 10)}; ${describeMachine()}.`;
    const findings = await part.run(stop);
    const page = renderPart(part, findings, circumstances);
    console.log(page);
    for (const goal of findings.goals) if (!isMet(goal)) console.error(`${part.name} misses: ${goal.what}`);
    for (const [file, content] of Object.entries({ [`${part.name}.md`]: page, ...findings.pictures }))
      writeFileSync(new URL(`../results/${file}`, import.meta.url), content);
  }
}
