import { describe, expect, inject, it } from "vitest";
import { attacks } from "./all.ts";
import { Target } from "./target.ts";

const target = new Target(inject("outputs"), inject("state"));
const quick = attacks.filter((attack) => attack.quick);

describe.each([...new Set(quick.map(({ family }) => family))])("under attack on %s", (family) => {
  for (const { threat, needs, run } of quick.filter((attack) => attack.family === family)) {
    const lacks = target.lacks(needs);
    it.skipIf(lacks.length > 0)(threat, { timeout: 240_000 }, async () => {
      expect(await run(target)).toMatch(/\d/);
    });
  }
});
