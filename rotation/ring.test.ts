import { describe, expect, it } from "vitest";
import type { Kind, Ring } from "./ring.ts";
import {
  allGenerationsText,
  generationsText,
  isComplete,
  isNeighbour,
  nextStep,
  previousStep,
  ringText,
  writeGenerations,
} from "./ring.ts";

const overlapping: Kind[] = ["ca", "signing-keys", "database-passwords"];

describe.each(overlapping)("the rotation of %s", (kind) => {
  it("introduces the next generation, uses it and retires the one before", () => {
    const phases: string[] = [];
    let ring: Ring = [7];
    do {
      const step = nextStep(kind, ring);
      phases.push(`${step.phase} ${step.ring.join()}`);
      ring = step.ring;
    } while (!isComplete(ring));
    expect(phases).toEqual(["introduce 7,8", "use 8,7", "retire 8"]);
  });

  it("never brings two changes at once: what is in use was accepted before, and is still accepted after", () => {
    let ring: Ring = [1];
    for (let steps = 0; steps < 12; steps++) {
      const { ring: next } = nextStep(kind, ring);
      expect(ring).toContain(next[0]);
      expect(next).toContain(nextStep(kind, next).ring[0]);
      const changed = [
        ...ring.filter((one) => !next.includes(one)),
        ...next.filter((one) => !ring.includes(one)),
      ];
      expect(changed.length + (next[0] === ring[0] ? 0 : 1)).toBe(1);
      ring = next;
    }
  });

  it("goes back by the way that it came, as long as nothing is retired", () => {
    const introduced = nextStep(kind, [3]).ring;
    const used = nextStep(kind, introduced).ring;
    expect(previousStep(used)).toEqual({ phase: "return", ring: introduced });
    expect(previousStep(introduced)).toEqual({ phase: "withdraw", ring: [3] });
    expect(previousStep([3])).toBeUndefined();
  });
});

it.each<[Kind, Ring, Ring, boolean]>([
  ["ca", [1], [1, 2], true],
  ["ca", [1, 2], [1, 2], true],
  ["ca", [2, 1], [1, 2], true],
  ["ca", [1], [2], false],
  ["ca", [1], [2, 1], false],
  ["ca", [1, 2], [2], false],
  ["leaves", [1], [2], true],
  ["leaves", [1], [1, 2], false],
])("%s: whether one step leads from %j to %j is %s", (kind, from, to, expected) => {
  expect(isNeighbour(kind, from, to)).toBe(expected);
});

it("replaces leaves in one step", () => {
  expect(nextStep("leaves", [4])).toEqual({ phase: "replace", ring: [5] });
});

describe("generations as text", () => {
  it("are all 1 where nothing is said, and read as they were written", () => {
    const first = allGenerationsText.parse({});
    expect(first).toEqual({ ca: [1], leaves: [1], "signing-keys": [1], "database-passwords": [1] });
    const moved = { ...first, ca: [2, 1] as const, leaves: [3] as const };
    expect(generationsText.parse(writeGenerations(moved))).toEqual(moved);
  });

  it("may be a number where a configuration makes one of them", () => {
    expect(ringText.parse(2)).toEqual([2]);
  });

  it.each(["", "0", "-1", "1,1", "1,2,3", "1.5", "one", "1,"])("are not %j", (text) => {
    expect(ringText.safeParse(text).success).toBe(false);
  });

  it.each([{ leaves: "1,2" }, { certificates: "1" }])("are not %j", (record) => {
    expect(generationsText.safeParse(record).success).toBe(false);
    expect(allGenerationsText.safeParse(record).success).toBe(false);
  });
});
