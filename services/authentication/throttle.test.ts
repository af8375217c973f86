import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { TestAuthentication } from "./testing.ts";
import { post, testAuthentication } from "./testing.ts";
import { throttled } from "./throttle.ts";

const MINUTE = 60_000;
const password = "correct horse";
let service: TestAuthentication;

beforeAll(async () => {
  service = await testAuthentication();
  for (const username of ["victim", "besieged", "other"])
    await post(service.app, "/authentication/registration", { username, password });
});
afterAll(() => service.drop());
afterEach(() => vi.useRealTimers());

const login = (username: string, source: string, secret = password) =>
  post(service.app, "/authentication/login", { username, password: secret }, { "x-forwarded-for": source });

/** As many failures as that, without the cost of their hashes. */
async function fail(
  times: number,
  usernameKey: string,
  source: string | ((time: number) => string),
): Promise<void> {
  for (let time = 0; time < times; time++) {
    const attempt = { usernameKey, source: typeof source === "string" ? source : source(time) };
    await throttled(service.db, attempt, () => Promise.resolve(undefined));
  }
}

/** What is counted of whom. */
async function subjects(like: string): Promise<string[]> {
  const rows = await service.db
    .selectFrom("login_failures")
    .select("subject")
    .where("subject", "like", like)
    .execute();
  return rows.map(({ subject }) => subject);
}

describe("failed logins", () => {
  it("of one account from one source are refused after ten, even with the right password, until the window ends", async () => {
    for (let time = 0; time < 10; time++)
      expect((await login("other", "10.1.0.1", "wrong one")).status).toBe(401);
    const refused = await login("other", "10.1.0.1");
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ code: "too_many_logins" });
    const seconds = Number(refused.headers.get("retry-after"));
    expect(seconds).toBeGreaterThan(14 * 60);
    expect(seconds).toBeLessThanOrEqual(15 * 60);

    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 15 * MINUTE + 1000 });
    expect((await login("other", "10.1.0.1")).status).toBe(200);
  });

  it("do not keep the owner out who comes from elsewhere", async () => {
    await fail(10, "victim", "10.2.0.1");
    expect((await login("victim", "10.2.0.1")).status).toBe(429);
    expect((await login("victim", "10.2.0.2")).status).toBe(200);
  });

  it("of many accounts from one source are refused after a hundred", async () => {
    for (let time = 0; time < 100; time++) await fail(1, `stolen-${time}`, "10.3.0.1");
    expect((await login("other", "10.3.0.1")).status).toBe(429);
    expect((await login("other", "10.3.0.2")).status).toBe(200);
  });

  it("of one account from many sources shut out new sources, and never those that its owner is known by", async () => {
    expect((await login("besieged", "10.4.0.1")).status).toBe(200);
    await fail(100, "besieged", (time) => `10.5.0.${time}`);
    expect((await login("besieged", "10.5.1.1")).status).toBe(429);
    expect((await login("besieged", "10.4.0.1")).status).toBe(200);
    expect((await login("other", "10.5.1.1")).status).toBe(200);
  });

  it("are forgiven to a source that then succeeds", async () => {
    await fail(9, "other", "10.6.0.1");
    expect((await login("other", "10.6.0.1")).status).toBe(200);
    await fail(9, "other", "10.6.0.1");
    expect((await login("other", "10.6.0.1")).status).toBe(200);
  });

  it("are counted alike for an account that does not exist", async () => {
    await fail(10, "nobody", "10.7.0.1");
    const refused = await login("nobody", "10.7.0.1");
    expect([refused.status, await refused.json()]).toMatchObject([429, { code: "too_many_logins" }]);
  });

  it("are ten of one account and source, also when forty come at once to two replicas", async () => {
    const replicas = [service.app, await service.replica()];
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        post(
          replicas[index % 2] ?? service.app,
          "/authentication/login",
          { username: "other", password: "wrong one" },
          { "x-forwarded-for": "10.8.0.1" },
        ),
      ),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(30);
  });

  it("are none where the password was not looked at", async () => {
    const attempt = { usernameKey: "other", source: "10.12.0.1" };
    const broken = () => throttled(service.db, attempt, () => Promise.reject(new Error("no time")));
    for (let time = 0; time < 20; time++) await expect(broken()).rejects.toThrow("no time");
    expect(await subjects("%10.12.0.1%")).toEqual([]);
    expect((await login("other", "10.12.0.1")).status).toBe(200);
  });

  it("leave nothing behind where all succeed", async () => {
    expect((await login("other", "10.13.0.1")).status).toBe(200);
    expect(await subjects("%10.13.0.1%")).toEqual([]);
  });

  it("are forgotten with their windows", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3 * 60 * MINUTE });
    await fail(1, "somebody", "10.9.0.1");
    const { count } = await service.db
      .selectFrom("login_failures")
      .select((eb) => eb.fn.countAll<string>().as("count"))
      .executeTakeFirstOrThrow();
    expect(Number(count)).toBe(3);
  });

  it("are looked at by the address that the gateway saw, whatever the client said before it", async () => {
    await fail(10, "other", "10.10.0.1");
    const forged = { "x-forwarded-for": "1.2.3.4, 10.10.0.1" };
    expect(
      (await post(service.app, "/authentication/login", { username: "other", password }, forged)).status,
    ).toBe(429);
  });

  it("do not spoil a success at the same time", async () => {
    const attempt = { usernameKey: "other", source: "10.11.0.1" };
    const succeed = () => throttled(service.db, attempt, () => Promise.resolve("somebody"));
    await Promise.all([succeed(), fail(1, "other", "10.11.0.1"), succeed()]);
    expect((await login("other", "10.11.0.1")).status).toBe(200);
  });
});
