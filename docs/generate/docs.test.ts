import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { allowed } from "./allowed.ts";
import { configurationPage } from "./configuration.ts";

const ROOT = join(import.meta.dirname, "../..");

it("the configuration reference is what the code says: `npm run docs` writes it", () => {
  expect(readFileSync(join(ROOT, "docs/configuration.md"), "utf8")).toBe(configurationPage());
});

describe("what a value may be", () => {
  it.each([
    [z.enum(["on", "off"]), "`on`, `off`"],
    [z.int().min(1), "1 or more"],
    [z.int().min(1).max(100), "1 to 100"],
    [z.int(), "a whole number"],
    [z.union([z.literal(""), z.string().describe("an address")]), "empty, or an address"],
    [z.array(z.string().min(1)), "a list, each text"],
    [z.string(), "text, or empty"],
    [z.string().min(3), "text of 3 or more characters"],
    [z.strictObject({ chart: z.string(), version: z.string().optional() }), "{ chart, version? }"],
    [z.record(z.string(), z.strictObject({ cpu: z.string() })), "for each name: { cpu }"],
  ])("%o", (schema, words) => {
    expect(allowed(z.toJSONSchema(schema))).toBe(words);
  });
});

describe("links between pages", () => {
  const pages = globSync("**/*.md", {
    cwd: ROOT,
    exclude: (path) => /(^|\/)(node_modules|\.local|\.git)$/.test(path),
  });

  it("are looked for in all pages", () => {
    expect(pages).toEqual(
      expect.arrayContaining(["README.md", "docs/decisions.md", "docs/configuration.md"]),
    );
  });

  it.each(pages)("of %s lead somewhere", (page) => {
    expect(linksOf(page).filter((link) => !leads(page, link))).toEqual([]);
  });
});

/** Relative links in a page's prose, not in its code. */
function linksOf(page: string): string[] {
  const prose = readFileSync(join(ROOT, page), "utf8").replaceAll(/^```[\s\S]*?^```|`[^`\n]*`/gm, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = ""]) => link)
    .filter((link) => !/^[a-z]+:/.test(link));
}

function leads(page: string, link: string): boolean {
  const [path = "", heading] = link.split("#");
  const target = path === "" ? page : join(dirname(page), path);
  if (!existsSync(join(ROOT, target))) return false;
  return heading === undefined || headingsOf(target).includes(heading);
}

/** The anchors that GitHub gives to a page's headings. */
function headingsOf(page: string): string[] {
  return [...readFileSync(join(ROOT, page), "utf8").matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
