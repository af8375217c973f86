import { inject } from "vitest";
import { attacks } from "./all.ts";
import { describeAttacks } from "./suite.ts";
import { Target } from "./target.ts";

const target = new Target(inject("outputs"), inject("state"));

describeAttacks(
  "the platform",
  attacks.filter(({ quick }) => quick),
  () => target,
);
