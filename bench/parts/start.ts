import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median } from "../statistics.ts";
import { Trial } from "../../tests/support/trial.ts";
import type { Part } from "./part.ts";
import { table } from "./part.ts";

const LATER_STARTS = 5;

/** The first makes certificates and databases, which later ones find. */
export const start: Part = {
  name: "start",
  what: "`npm start` until the platform is ready",
  async run(stop) {
    const state = mkdtempSync(join(tmpdir(), "gatehouse-bench-"));
    try {
      const first = await timed(state, stop);
      const later: number[] = [];
      for (let count = 0; count < LATER_STARTS; count++) later.push(await timed(state, stop));
      return {
        text: [
          `From the command to the line that says that it is ready; of later starts the median of ${LATER_STARTS}.`,
          "",
          ...table(
            ["start", "seconds"],
            [
              ["first", first.toFixed(1)],
              [
                "later",
                `${median(later).toFixed(1)} (${Math.min(...later).toFixed(1)} to ${Math.max(...later).toFixed(1)})`,
              ],
            ],
          ),
        ],
        goals: [{ what: "a later start, seconds", value: median(later), limit: { most: 5 } }],
      };
    } finally {
      rmSync(state, { recursive: true, force: true });
    }
  },
};

async function timed(state: string, stop: AbortSignal): Promise<number> {
  const start = performance.now();
  const trial = await Trial.start([], stop, { state });
  const seconds = (performance.now() - start) / 1000;
  await trial[Symbol.asyncDispose]();
  return seconds;
}
