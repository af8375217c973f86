import { resolve } from "node:path";
import { z } from "zod";
import type { Judge } from "./judge.ts";
import { lastWords, run } from "./run.ts";
import { countStacks } from "./stacks.ts";
import { pythonTool } from "./tools.ts";

const report = z.object({
  summary: z.object({ passed: z.number(), failed: z.number(), parsing_errors: z.literal(0) }),
  results: z.object({
    failed_checks: z.array(
      z.object({
        check_id: z.string(),
        check_name: z.string(),
        file_abs_path: z.string(),
        /** `Deployment.gatehouse.orders` */
        resource: z.string(),
      }),
    ),
  }),
});

/** checkov: the known weaknesses of Kubernetes objects. */
export const checkov: Judge = {
  tool: () => pythonTool("checkov"),
  async judge(tool, subjects) {
    const stacks = await subjects.stacks();
    const files = stacks.map(({ file }) => file);
    const options = ["--framework", "kubernetes", "--output", "json", "--compact", "--quiet"];
    const scan = await run(tool, [...options, "--skip-download", "--file", ...files]);
    if (scan.output === "") throw new Error(`checkov did not judge: ${lastWords(scan)}`);
    const { summary, results } = report.parse(JSON.parse(scan.output));
    const stackOf = (path: string) => stacks.find(({ file }) => resolve(file) === path)?.name ?? path;
    return {
      judged: `${countStacks(stacks)}, ${summary.passed + summary.failed} checks`,
      complaints: results.failed_checks.map(({ check_id, check_name, file_abs_path, resource }) => {
        const [kind = "", , ...name] = resource.split(".");
        const object = `${kind}/${name.join(".")}`;
        return { check: check_id, object, detail: `${check_name} (stack ${stackOf(file_abs_path)})` };
      }),
    };
  },
};
