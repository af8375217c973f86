import { z } from "zod";
import type { Complaint, Judge } from "./judge.ts";
import type { RenderedStack } from "./stacks.ts";
import { countStacks } from "./stacks.ts";
import { goTool } from "./tools.ts";
import { lastWords, run } from "./run.ts";

/** The version of Kubernetes by which objects are judged. */
const KUBERNETES = "v1.34";
/** A grade below this is a warning or worse. */
const GOOD = 7;

const report = z.array(
  z.object({
    type_meta: z.object({ kind: z.string() }),
    object_meta: z.object({ name: z.string() }),
    checks: z.array(
      z.object({
        check: z.object({ id: z.string() }),
        grade: z.number(),
        skipped: z.boolean(),
        comments: z.array(z.object({ path: z.string(), summary: z.string() })).nullable(),
      }),
    ),
  }),
);

/** kube-score: whether objects are set up to be safe and to stay available. */
export const kubeScore: Judge = {
  tool: () => goTool("github.com/zegl/kube-score/cmd/kube-score@v1.20.0"),
  async judge(tool, subjects) {
    const stacks = await subjects.stacks();
    const scores = await Promise.all(stacks.map((stack) => score(tool, stack)));
    const checks = scores.reduce((sum, { checks }) => sum + checks, 0);
    return {
      judged: `${countStacks(stacks)}, ${checks} checks`,
      complaints: scores.flatMap(({ complaints }) => complaints),
    };
  },
};

async function score(tool: string, { name: stack, file }: RenderedStack) {
  const options = ["--output-format", "json", "--kubernetes-version", KUBERNETES];
  const scoring = await run(tool, ["score", ...options, file]);
  if (scoring.output === "") throw new Error(`kube-score did not score ${file}: ${lastWords(scoring)}`);
  const results = report
    .parse(JSON.parse(scoring.output))
    .flatMap(({ type_meta: { kind }, object_meta: { name }, checks }) =>
      checks.filter(({ skipped }) => !skipped).map((result) => ({ ...result, object: `${kind}/${name}` })),
    );
  const complaints = results
    .filter(({ grade }) => grade < GOOD)
    .flatMap(({ check, object, comments }) =>
      (comments ?? [{ path: "", summary: "" }]).map(({ path, summary }): Complaint => {
        return { check: check.id, object, detail: [path, summary, `(stack ${stack})`].join(" ").trim() };
      }),
    );
  return { checks: results.length, complaints };
}
