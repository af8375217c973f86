import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { lastWords, run } from "./run.ts";

/** What one configuration of the stack would create. */
export interface RenderedStack {
  readonly name: string;
  /** Path of the YAML file with all objects. */
  readonly file: string;
  /** How many objects there are. */
  readonly objects: number;
}

const FOLDER = join(".local", "judge");

/** Settings that change objects and that no stack file has, on top of one that is there. */
const variants: Readonly<Record<string, readonly [stack: string, ...settings: string[]]>> = {
  "node-port": ["dev", "exposure=NodePort", 'hosts=["192.0.2.10"]'],
  "external-database": [
    "cloud",
    "database=external",
    "databaseUrl=postgresql://root:secret@db.example.com/defaultdb",
    "databaseCa=-----BEGIN CERTIFICATE-----",
  ],
};

/** Renders the stack of every stack file and every variant. */
export async function renderStacks(): Promise<RenderedStack[]> {
  const files = readdirSync(".").flatMap((file) => /^Pulumi\.(?!test-)(.+)\.yaml$/.exec(file)?.[1] ?? []);
  const all = { ...Object.fromEntries(files.map((stack) => [stack, [stack]])), ...variants };
  const rendered: RenderedStack[] = [];
  for (const [name, [stack = "", ...settings]] of Object.entries(all))
    rendered.push(await render(name, stack, settings));
  return rendered;
}

async function render(name: string, stack: string, settings: readonly string[]): Promise<RenderedStack> {
  const folder = join(FOLDER, name);
  const rendering = await run(process.execPath, ["stack/render.ts", stack, folder, ...settings]);
  if (rendering.code !== 0) throw new Error(`stack ${name} cannot be rendered: ${lastWords(rendering)}`);
  const file = join(folder, "objects.yaml");
  const objects = parseAllDocuments(await readFile(file, "utf8")).length;
  return { name, file, objects };
}

/** `5 stacks, 371 objects` */
export function countStacks(stacks: readonly RenderedStack[]): string {
  return `${stacks.length} stacks, ${stacks.reduce((sum, { objects }) => sum + objects, 0)} objects`;
}
