import type { z } from "zod";

type Schema = z.core.JSONSchema._JSONSchema | undefined;

/** What a value may be, in words, from its JSON Schema. */
export function allowed(schema: Schema): string {
  if (schema === undefined || typeof schema === "boolean") return "";
  const { description, anyOf, type } = schema;
  if (description !== undefined) return description;
  if (schema.enum !== undefined) return schema.enum.map(literal).join(", ");
  if (schema.const !== undefined) return literal(schema.const);
  if (anyOf !== undefined) return anyOf.map(allowed).join(", or ");
  switch (type) {
    case "boolean":
      return "`true`, `false`";
    case "integer":
      return range(schema.minimum, schema.maximum);
    case "string":
      return text(schema.minLength);
    case "array":
      return `a list, each ${allowed(Array.isArray(schema.items) ? schema.items[0] : schema.items)}`;
    case "object":
      return members(schema);
    default:
      return "";
  }
}

function literal(value: unknown): string {
  return value === "" ? "empty" : `\`${String(value)}\``;
}

function text(least = 0): string {
  if (least === 0) return "text, or empty";
  return least === 1 ? "text" : `text of ${least} or more characters`;
}

/** zod bounds every integer by what a number can hold, which is no bound that anybody meets. */
function range(least?: number, most?: number): string {
  const from = least === undefined || least <= Number.MIN_SAFE_INTEGER ? "" : String(least);
  const to = most === undefined || most >= Number.MAX_SAFE_INTEGER ? "" : String(most);
  if (to === "") return from === "" ? "a whole number" : `${from} or more`;
  return `${from} to ${to}`;
}

function members({ properties, additionalProperties, required = [] }: z.core.JSONSchema.BaseSchema): string {
  if (properties === undefined) return `for each name: ${allowed(additionalProperties)}`;
  const named = Object.entries(properties).map(([name, schema]) => {
    const optional = required.includes(name) ? "" : "?";
    const nested = typeof schema === "object" && schema.type === "object" ? `: ${members(schema)}` : "";
    return `${name}${optional}${nested}`;
  });
  return `{ ${named.join(", ")} }`;
}
