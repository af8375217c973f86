import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { Registered } from "./program.ts";
import { runProgram, settingsOf } from "./program.ts";

/**
 * `npm run render [stack] [folder] [key=value...]`: writes what a stack would create, for review and for validators,
 * without a cluster; each `key=value` is a setting (its value in YAML) on top of the stack's file. `objects.yaml` has all Kubernetes objects, `<chart>.values.yaml` the values of each chart. Secret values
 * are left out; certificates and other made-up values are placeholders, so that two renderings can be compared.
 */
const [stack = "dev", folder = join(".local", "render"), ...more] = process.argv.slice(2);

const { resources } = await runProgram(settings(), () => import("../index.ts"));
const sorted = resources.toSorted((a, b) => (`${a.type} ${a.name}` < `${b.type} ${b.name}` ? -1 : 1));

mkdirSync(folder, { recursive: true });
const objects = sorted.filter(isObject).map((resource) => document(object(resource)));
writeFileSync(join(folder, "objects.yaml"), objects.join(""));
for (const { inputs } of sorted.filter(isRelease)) {
  writeFileSync(join(folder, `${String(inputs["name"])}.values.yaml`), document(inputs["values"]));
}
process.stdout.write(`${objects.length} objects of stack ${stack} in ${folder}\n`);

function settings() {
  try {
    return { ...settingsOf(stack), ...Object.fromEntries(more.map(setting)) };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(1);
  }
}

function setting(text: string): [string, unknown] {
  const [key = "", ...value] = text.split("=");
  if (value.length === 0) throw new Error(`${text} is no setting: write key=value`);
  return [key, parse(value.join("="))];
}

function isObject({ type, inputs }: Registered): boolean {
  return type.startsWith("kubernetes:") && "apiVersion" in inputs;
}

function isRelease({ type }: Registered): boolean {
  return type === "kubernetes:helm.sh/v3:Release";
}

/** An object with a name of its own (Pulumi gives a Job one with a random end) and without its secrets. */
function object({ name, inputs, secrets }: Registered): object {
  const { apiVersion, kind, metadata, ...rest } = inputs;
  const kept = Object.entries(rest).map(([key, value]): [string, unknown] => [
    key,
    secrets.includes(key) ? hidden(value) : value,
  ]);
  return {
    apiVersion,
    kind,
    metadata: { name, ...(metadata as object) },
    ...(Object.fromEntries(kept) as object),
  };
}

function hidden(value: unknown): unknown {
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.keys(value).map((key) => [key, "(secret)"]))
    : "(secret)";
}

function document(value: unknown): string {
  // kubectl reads YAML 1.1, where a bare `on` is a boolean.
  return `---\n${stringify(value, { schema: "yaml-1.1", lineWidth: 0, aliasDuplicateObjects: false })}`;
}
