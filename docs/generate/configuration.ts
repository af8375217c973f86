import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Option } from "commander";
import { parse } from "yaml";
import { z } from "zod";
import { localCommand } from "../../local/options.ts";
import { schema } from "../../stack/config-schema.ts";
import { allowed } from "./allowed.ts";

const projectSchema = z.object({
  config: z
    .record(z.string(), z.unknown())
    // The keys of other packages have a colon, and are theirs to document.
    .transform((all) => Object.fromEntries(Object.entries(all).filter(([key]) => !key.includes(":"))))
    .pipe(z.record(z.string(), z.object({ default: z.unknown(), description: z.string() }))),
});

/**
 * The configuration reference as Markdown: the stack's keys with the defaults of Pulumi.yaml and what stack/config.ts
 * accepts, and the flags of the local platform.
 * @throws Error that names a key which is in one of the two files alone
 */
export function configurationPage(): string {
  return `# Configuration

This page is made by \`npm run docs\` from \`Pulumi.yaml\`, \`stack/config.ts\` and \`local/options.ts\`.

## On one machine

Flags of \`npm start -- ...\`:

${table(["flag", "default", "may be", "what"], localCommand().options.map(flagRow))}

\`DATABASE_URL\` in the environment points to a PostgreSQL or CockroachDB server, as its administrator, to use in place of the
embedded PostgreSQL.

## On Kubernetes

Keys of \`Pulumi.<stack>.yaml\`, set with \`pulumi config set gatehouse:<key> <value>\`. A wrong value stops \`pulumi preview\` with a
message that names its key. [kubernetes.md](kubernetes.md#configuration) says what each choice costs.

${table(["key", "default", "may be", "what"], stackRows())}
`;
}

function flagRow({ flags, defaultValue, argChoices, description }: Option): string[] {
  const choices = argChoices?.map(code).join(", ") ?? "";
  return [code(flags), defaultValue === undefined ? "" : code(defaultValue), choices, prose(description)];
}

function stackRows(): string[][] {
  const file = join(import.meta.dirname, "../../Pulumi.yaml");
  const { config } = projectSchema.parse(parse(readFileSync(file, "utf8")));
  const { properties = {} } = z.toJSONSchema(schema, { unrepresentable: "any" });
  const odd = [...new Set([...Object.keys(config), ...Object.keys(properties)])].filter(
    (key) => !(key in config) || !(key in properties),
  );
  if (odd.length > 0) throw new Error(`in one of Pulumi.yaml and stack/config.ts alone: ${odd.join(", ")}`);
  return Object.entries(config).map(([key, { default: value, description }]) => [
    code(key),
    value === "" ? "" : code(value),
    allowed(properties[key]),
    prose(description),
  ]);
}

function code(value: unknown): string {
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

/** Text that Markdown would take for HTML. */
function prose(text: string): string {
  return text.replaceAll("<", "&lt;");
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(headings), line(headings.map(() => "---")), ...rows.map(line)].join("\n");
}
