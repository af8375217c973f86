import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { REVOCATION_LEASE_MS } from "../../services/shared/lifetimes.ts";
import { RememberingPlatform } from "../support/remembering.ts";
import { rotateLocal } from "../support/rotation.ts";

let platform: RememberingPlatform;
beforeAll(async () => {
  platform = await RememberingPlatform.start();
});
afterAll(() => platform.stop());

describe("a gateway that remembers sessions", () => {
  it("forgets those of tokens whose key is retired", async () => {
    const user = await platform.remembered();
    const reading = platform.readers(user, 1);
    const step = () => rotateLocal(platform.state, "signing-keys");
    await step();
    await step();
    expect((await platform.read(user)).status).toBe(200);
    await step();
    const retired = performance.now();
    await sleep(2 * REVOCATION_LEASE_MS);
    await reading.stop();
    expect(reading.letIn(0).length).toBeGreaterThan(100);
    expect(reading.letIn(retired)).toEqual([]);
    await platform.remembered();
  });

  it("shows a certificate of the new CA, and trusts that one, when the CA is rotated", async () => {
    for (let steps = 0; steps < 3; steps++) await rotateLocal(platform.state, "ca");
    await platform.reconnect();
    await platform.remembered();
  });
});
