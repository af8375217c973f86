import { afterAll, beforeAll } from "vitest";
import type { TestPlatform } from "../support/platform.ts";
import { startTestPlatform } from "../support/platform.ts";
import { attacks } from "./all.ts";
import type { Family } from "./attack.ts";
import { describeAttacks } from "./suite.ts";
import { Target } from "./target.ts";

let platform: TestPlatform;
let target: Target;
beforeAll(async () => {
  platform = await startTestPlatform(undefined, { checks: "gateway" });
  target = new Target(platform.outputs, platform.state);
});
afterAll(() => platform.stop());

/** What is attacked of who is signed in, where the gateway remembers it. */
const families: readonly Family[] = ["identity", "tokens", "objects", "paths"];

describeAttacks(
  "a gateway that remembers sessions",
  attacks.filter(({ family, quick }) => quick && families.includes(family)),
  () => target,
);
