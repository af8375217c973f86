import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { startTestPlatform } from "../support/platform.ts";
import { checkov } from "./checkov.ts";
import type { Complaint, Judge, Subjects } from "./judge.ts";
import { kubeScore } from "./kube-score.ts";
import { podSecurity } from "./pod-security.ts";
import { schemathesis } from "./schemathesis.ts";
import { sslyze } from "./sslyze.ts";
import { renderStacks } from "./stacks.ts";
import { MissingTool } from "./tools.ts";
import { applyWaivers, readWaivers } from "./waivers.ts";

const judges: Readonly<Record<string, Judge>> = {
  "pod-security": podSecurity,
  "kube-score": kubeScore,
  checkov,
  sslyze,
  schemathesis,
};

/**
 * `npm run judge [name...]`: lets programs that others wrote judge the platform and its stacks; all of them, or those
 * named. Prints a line for each and exits 1 where one complains. A judge that cannot be had is skipped; in CI that is a
 * failure too.
 */
const waivers = readWaivers(parse(await readFile(join(import.meta.dirname, "waivers.yaml"), "utf8")));
for (const { judge } of waivers) findJudge(judge);

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(judges);
// All programs are fetched at once, while the first judges sit.
const sittings = names.map((name) => ({ name, ...findJudge(name) })).map(withTool);
const platform = once(() => startTestPlatform({ fsync: "off" }, { limits: "off", drills: false }));
const subjects: Subjects = { platform, stacks: once(renderStacks) };
try {
  for (const sitting of sittings) await sit(sitting);
} finally {
  if (platform.begun()) await (await platform()).stop();
}

function findJudge(name: string): Judge {
  const judge = judges[name];
  if (judge === undefined) throw new Error(`no judge ${name}: there is ${Object.keys(judges).join(", ")}`);
  return judge;
}

function withTool({ name, tool, judge }: Judge & { name: string }) {
  const installed = tool();
  // Whoever awaits it hears of it; until then it is not unhandled.
  installed.catch(() => undefined);
  return { name, installed, judge };
}

async function sit({ name, installed, judge }: ReturnType<typeof withTool>): Promise<void> {
  try {
    const tool = await installed;
    const start = Date.now();
    const verdict = await judge(tool, subjects);
    const { complaints, waived } = applyWaivers(name, waivers, verdict.complaints);
    const seconds = ((Date.now() - start) / 1000).toFixed(0);
    const figures = `${verdict.judged}; ${waived} complaints waived, ${complaints.length} left (${seconds} s)`;
    say(complaints.length === 0 ? "ok" : "FAILED", name, figures, complaints);
  } catch (error) {
    const skipped = error instanceof MissingTool && process.env["CI"] !== "true";
    say(skipped ? "SKIPPED" : "FAILED", name, error instanceof Error ? error.message : String(error));
  }
}

function say(
  result: "ok" | "SKIPPED" | "FAILED",
  name: string,
  figures: string,
  complaints: readonly Complaint[] = [],
): void {
  console.log(`${result.padEnd(8)}  ${name.padEnd(13)} ${figures}`);
  for (const { check, object, detail } of complaints) console.log(`          ${check}  ${object}  ${detail}`);
  if (result === "FAILED") process.exitCode = 1;
}

/** A value that is made on first use, and whether that has begun. */
function once<T>(make: () => Promise<T>) {
  let made: Promise<T> | undefined;
  return Object.assign(() => (made ??= make()), { begun: () => made !== undefined });
}
