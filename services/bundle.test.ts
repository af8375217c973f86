import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundle, sourceOf } from "./bundle.ts";
import { catalog } from "./catalog.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "gatehouse-bundles-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const sources = {
  ...Object.fromEntries(Object.keys(catalog).map((name) => [name, sourceOf(name)])),
  backup: "backup/jobs",
};

describe.each(Object.entries(sources))("the bundle of %s", (name, source) => {
  it("adds at most 5 MB to an image, and is the same each time", { timeout: 60_000 }, async () => {
    const made = join(folder, name);
    const bundled = async () => {
      await bundle(source, made);
      return readdirSync(made).map((file) => ({ file, bytes: statSync(join(made, file)).size }));
    };
    const files = await bundled();
    expect(files.map(({ file }) => file)).toContain("main.mjs");
    expect(files.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(5_000_000);
    writeFileSync(join(made, "chunk-OLD.mjs"), "");
    expect(await bundled()).toEqual(files);
  });
});
