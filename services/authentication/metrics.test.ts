import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sample } from "../shared/testing.ts";
import type { TestAuthentication } from "./testing.ts";
import { post, refresh, signIn, testAuthentication } from "./testing.ts";

const credentials = { username: "alice", password: "correct horse" };
let service: TestAuthentication;

beforeAll(async () => {
  service = await testAuthentication();
  await post(service.app, "/authentication/registration", credentials);
});
afterAll(() => service.drop());

const logins = (outcome: string) => sample(service.metrics, `gatehouse_logins_total{outcome="${outcome}"}`);
const ended = (reason: string) =>
  sample(service.metrics, `gatehouse_sessions_ended_total{reason="${reason}"}`);

describe("the metrics of authentication", () => {
  it("count logins by how they end", async () => {
    expect([await logins("success"), await logins("invalid"), await logins("throttled")]).toEqual([0, 0, 0]);
    await signIn(service.app, credentials);
    for (let time = 0; time < 11; time++)
      await post(service.app, "/authentication/login", { username: "nobody", password: "wrong horse" });
    expect([await logins("success"), await logins("invalid"), await logins("throttled")]).toEqual([1, 10, 1]);
  });

  it("count sessions that are ended, by why", async () => {
    const stolen = await signIn(service.app, credentials);
    expect((await refresh(service.app, stolen.refresh)).status).toBe(200);
    expect((await refresh(service.app, "unknown")).status).toBe(401);
    expect([await ended("logout"), await ended("reuse")]).toEqual([0, 0]);
    expect((await refresh(service.app, stolen.refresh)).status).toBe(401);
    expect((await refresh(service.app, stolen.refresh)).status).toBe(401);
    expect([await ended("logout"), await ended("reuse")]).toEqual([0, 1]);

    const { jwt } = await signIn(service.app, credentials);
    const check = await service.app.request("/validate", { headers: { authorization: `Bearer ${jwt}` } });
    const answer = await post(service.app, "/authentication/logout", undefined, {
      authorization: `Bearer ${jwt}`,
      "x-user-id": check.headers.get("x-user-id") ?? "",
    });
    expect(answer.status).toBe(204);
    expect([await ended("logout"), await ended("reuse")]).toEqual([1, 1]);
  });
});
