import { decodeProtectedHeader } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SignedIn } from "../support/client.ts";
import { signUp, TestClient } from "../support/client.ts";
import { startLoad } from "../support/load.ts";
import type { TestPlatform } from "../support/platform.ts";
import { startTestPlatform } from "../support/platform.ts";
import { expectNoFailure, rotateLocal } from "../support/rotation.ts";

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startTestPlatform();
});
afterAll(() => platform.stop());

const keyOf = ({ client }: SignedIn) => decodeProtectedHeader(client.cookies.get("jwt") ?? "").kid;

describe("the key that signs access tokens, rotated under load", () => {
  it("fails no request, and tokens of the old key end when it is retired", async () => {
    const step = () => rotateLocal(platform.state, "signing-keys");
    const before = await signUp(platform.outputs);
    const early = await startLoad(platform);

    await step();
    const introduced = await signUp(platform.outputs);
    expect(keyOf(introduced)).toBe(keyOf(before));

    await step();
    const used = await signUp(platform.outputs);
    expect(keyOf(used)).not.toBe(keyOf(before));
    expect(await whoami(before)).toBe(200);
    const first = await early.stop();

    // Who signed in, or refreshed, since the new key is in use notices nothing.
    const late = await startLoad(platform);
    await step();
    expectNoFailure("signing keys", first, await late.stop());
    expect(await whoami(used)).toBe(200);
    for (let tries = 0; tries < 4; tries++) expect(await whoami(before)).toBe(401);

    // The session outlives the key: its refresh token gives a token of the new one.
    const refreshed = await before.client.post("/authentication/refresh");
    expect(refreshed.status).toBe(200);
    expect(await whoami(before)).toBe(200);
    expect(keyOf(before)).toBe(keyOf(used));
  });

  it("goes back before it is retired, and what was signed meanwhile goes on", async () => {
    const { state, outputs } = platform;
    const before = await signUp(outputs);
    await rotateLocal(state, "signing-keys");
    await rotateLocal(state, "signing-keys");
    const meanwhile = await signUp(outputs);
    await rotateLocal(state, "signing-keys", { walk: "back" });
    const after = await signUp(outputs);
    expect(keyOf(after)).toBe(keyOf(before));
    expect(await whoami(meanwhile)).toBe(200);
    await rotateLocal(state, "signing-keys", { walk: "back" });
    expect(await whoami(meanwhile)).toBe(401);
    expect(await whoami(after)).toBe(200);
  });
});

/** On a client of its own, so that the cookies stay as they are. */
async function whoami({ client }: SignedIn): Promise<number> {
  const other = new TestClient({ outputs: platform.outputs });
  const headers = { authorization: `Bearer ${client.cookies.get("jwt") ?? ""}` };
  return (await other.get("/authentication/whoami", { headers })).status;
}
