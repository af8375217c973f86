import { readFile } from "node:fs/promises";
import type { TestProject } from "vitest/node";
import { outputsSchema, stateOf } from "./outputs.ts";

/** Takes the outputs of a platform that runs: a local one, or what `pulumi stack output --json --show-secrets` says. */
export default async function setup(project: TestProject): Promise<void> {
  const file = process.env["GATEHOUSE_OUTPUTS"] ?? ".local/outputs.json";
  const text = await readFile(file, "utf8").catch(() => {
    throw new Error(`no outputs in ${file}: run npm start first, or name a file in GATEHOUSE_OUTPUTS`);
  });
  project.provide("outputs", outputsSchema.parse(JSON.parse(text)));
  project.provide("state", stateOf(file) ?? "");
}
