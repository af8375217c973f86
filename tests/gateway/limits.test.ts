import { describe, expect, inject, it } from "vitest";
import { defaultLimits } from "../../gateway/limits.ts";
import { isLoopback, TestClient } from "../support/client.ts";

const outputs = inject("outputs");
/** Only on loopback can a test choose its address and so begin with a full bucket, and is there one gateway alone. */
const chooses = outputs.limits === "on" && isLoopback(outputs.gatewayUrl) && process.platform === "linux";

describe.runIf(chooses)("the limits of one gateway", () => {
  it("accept 40 of 110 requests that come at once from one source, and refuse 70 with Retry-After", async () => {
    const client = new TestClient({ waitsWhenLimited: false });
    const answers = await Promise.all(Array.from({ length: 110 }, () => client.get("/products")));
    const limited = answers.filter(({ status }) => status === 429);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(defaultLimits.burst);
    expect(limited).toHaveLength(110 - defaultLimits.burst);
    expect(limited.every(({ headers }) => Number(headers["retry-after"]) > 0)).toBe(true);
  });

  it("do not make one source pay for another", async () => {
    const greedy = new TestClient({ waitsWhenLimited: false });
    await Promise.all(Array.from({ length: 60 }, () => greedy.get("/orders")));
    expect((await greedy.get("/orders")).status).toBe(429);
    expect((await new TestClient({ waitsWhenLimited: false }).get("/orders")).status).toBe(401);
  });
});
