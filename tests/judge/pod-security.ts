import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { Complaint, Judge } from "./judge.ts";
import { lastWords, run } from "./run.ts";
import type { RenderedStack } from "./stacks.ts";
import { countStacks } from "./stacks.ts";
import { ownGoTool } from "./tools.ts";

const verdict = z.object({ kind: z.string(), name: z.string(), violations: z.array(z.string()) });

/** Pod Security "restricted" by the API server's own code: what it would refuse, we hear before the deployment. */
export const podSecurity: Judge = {
  tool: () => ownGoTool("pod-security"),
  async judge(tool, subjects) {
    const stacks = await subjects.stacks();
    const verdicts = (await Promise.all(stacks.map((stack) => judgePods(tool, stack)))).flat();
    return {
      judged: `${countStacks(stacks)}, ${verdicts.length} of them with pods`,
      complaints: verdicts.flatMap(({ kind, name, violations, stack }) =>
        violations.map((violation): Complaint => {
          const [check = "", ...detail] = violation.split(": ");
          return { check, object: `${kind}/${name}`, detail: `${detail.join(": ")} (stack ${stack})` };
        }),
      ),
    };
  },
};

async function judgePods(tool: string, { name: stack, file }: RenderedStack) {
  const judging = await run(tool, [], { input: await readFile(file, "utf8") });
  if (judging.code !== 0) throw new Error(`${file} cannot be judged: ${lastWords(judging)}`);
  const lines = judging.output.trim().split("\n");
  return lines.map((line) => ({ ...verdict.parse(JSON.parse(line)), stack }));
}
