import { describe, expect, it } from "vitest";
import type { Attack } from "./attack.ts";
import type { Target } from "./target.ts";

/**
 * Attacks as tests, by family. One whose needs a platform does not meet is skipped.
 * @param target asked when the first test runs, so that a platform of their own may be started before
 */
export function describeAttacks(on: string, attacks: readonly Attack[], target: () => Target): void {
  describe.each([...new Set(attacks.map(({ family }) => family))])(`${on} under attack on %s`, (family) => {
    for (const { threat, needs, run } of attacks.filter((attack) => attack.family === family)) {
      it(threat, { timeout: 240_000 }, async ({ skip }) => {
        skip(target().lacks(needs).length > 0);
        expect(await run(target())).toMatch(/\d/);
      });
    }
  });
}
