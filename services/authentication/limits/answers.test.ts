import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLogger } from "../../shared/logging.ts";
import type { TestAuthentication } from "../testing.ts";
import { post, signIn, testAuthentication } from "../testing.ts";
import { networkOf } from "./answers.ts";
import { step } from "./gcra.ts";
import { createLimiter } from "./limiter.ts";
import { BucketMemory } from "./memory.ts";
import type { Take } from "./store.ts";

const credentials = { username: "alice", password: "correct horse" };
let service: TestAuthentication;
let now = 0;

/** A store in the test's own memory, whose clock is the test's. */
const fullAt = new Map<string, number>();
const store = {
  take({ key, bucket, cost, floor }: Take) {
    const result = step(bucket, Math.max(floor, (fullAt.get(key) ?? 0) - now), cost);
    if (result.allowed) fullAt.set(key, now + result.level);
    return Promise.resolve(result);
  },
  close: () => Promise.resolve(),
};

beforeAll(async () => {
  service = await testAuthentication({
    limiter: createLimiter({
      store,
      memory: new BucketMemory(1000, () => now),
      policies: new Map(
        ["get-orders", "get-products"].map((name) => [name, { name, requestsPerMinute: 20, burst: 3 }]),
      ),
      storeFailure: "local",
      processes: 1,
      timeout: 1000,
      logger: createLogger("test", "silent"),
    }),
  });
  await post(service.app, "/authentication/registration", credentials);
});
afterAll(() => service.drop());

const check = (path: string, headers: Record<string, string>) => service.app.request(path, { headers });
const statuses = async (times: number, path: string, headers: () => Record<string, string>) => {
  const all: number[] = [];
  for (let time = 0; time < times; time++) all.push((await check(path, headers())).status);
  return all;
};

describe("the gateway's check", () => {
  it("refuses a user who asked too often, as a problem that says when to come again", async () => {
    const { jwt } = await signIn(service.app, credentials);
    const headers = { authorization: `Bearer ${jwt}` };
    const first = await check("/validate?limit=get-orders", headers);
    expect(first.status).toBe(200);
    expect(first.headers.get("ratelimit-policy")).toBe('"get-orders";q=3;w=9');
    expect(first.headers.get("ratelimit")).toBe('"get-orders";r=2;t=3');
    await statuses(2, "/validate?limit=get-orders", () => headers);

    const refused = await check("/validate?limit=get-orders", headers);
    expect(refused.status).toBe(429);
    expect(refused.headers.get("content-type")).toBe("application/problem+json");
    expect(refused.headers.get("retry-after")).toBe("3");
    expect(refused.headers.get("ratelimit")).toBe('"get-orders";r=0;t=3');
    expect(await refused.json()).toMatchObject({ status: 429, code: "rate_limited" });

    expect((await check("/validate?limit=get-products", headers)).status).toBe(200);
    now += 3_000_000;
    expect(await statuses(2, "/validate?limit=get-orders", () => headers)).toEqual([200, 429]);
  });

  it("counts a user wherever the requests come from", async () => {
    now += 60_000_000;
    const { jwt } = await signIn(service.app, credentials);
    const answers = await statuses(5, "/validate?limit=get-orders", () => ({
      authorization: `Bearer ${jwt}`,
      "x-forwarded-for": `10.0.0.${Math.random()}`,
    }));
    expect(answers).toEqual([200, 200, 200, 429, 429]);
  });

  it("counts refused tokens against their source, whatever they say", async () => {
    const guesses = await statuses(5, "/validate?limit=get-orders", () => ({
      authorization: `Bearer ${randomUUID()}`,
      "x-forwarded-for": `${randomUUID()}, 10.1.0.1`,
    }));
    expect(guesses).toEqual([401, 401, 401, 429, 429]);
    const other = { "x-forwarded-for": "10.1.0.2" };
    expect((await check("/validate?limit=get-orders", other)).status).toBe(401);
  });

  it("does not let the holder of an ended session use up its owner's limit", async () => {
    now += 60_000_000;
    const stolen = await signIn(service.app, credentials);
    const authorization = `Bearer ${stolen.jwt}`;
    const id = (await check("/validate", { authorization })).headers.get("x-user-id") ?? "";
    await post(service.app, "/authentication/logout", undefined, { authorization, "x-user-id": id });
    const source = { "x-forwarded-for": "10.2.0.1" };
    expect(await statuses(4, "/validate?limit=get-products", () => ({ authorization, ...source }))).toEqual([
      401, 401, 401, 429,
    ]);
    const { jwt } = await signIn(service.app, credentials);
    expect(
      (await check("/validate?limit=get-products", { authorization: `Bearer ${jwt}`, ...source })).status,
    ).toBe(200);
  });

  it("of a route for anyone counts by source, and reads no token", async () => {
    now += 60_000_000;
    const { jwt } = await signIn(service.app, credentials);
    const answers = await statuses(4, "/limit?limit=get-orders", () => ({
      authorization: `Bearer ${jwt}`,
      "x-forwarded-for": "10.3.0.1",
    }));
    expect(answers).toEqual([200, 200, 200, 429]);
    expect((await check("/validate?limit=get-orders", { authorization: `Bearer ${jwt}` })).status).toBe(200);
  });

  it.each(["/limit", "/limit?limit=no-such", "/limit?limit=A", "/validate?limit=no-such"])(
    "of a policy that there is not is refused: %s",
    async (path) => expect((await check(path, {})).status).toBe(400),
  );
});

describe("a source", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::9", "2001:db8:1:2::/64"],
    ["2001:0db8:0001:0002:0:0:0:9", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["unknown", "unknown"],
  ])("%s is counted as %s", (address, network) => expect(networkOf(address)).toBe(network));
});
