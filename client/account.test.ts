import { chmod, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Problem } from "../services/shared/problem.ts";
import type { TestGateway } from "./testing/gateway.ts";
import { startGateway } from "./testing/gateway.ts";
import type { TestUser } from "./testing/user.ts";
import { createUser, PASSWORD, toldBy } from "./testing/user.ts";

let gateway: TestGateway;
let user: TestUser;
beforeEach(async () => {
  gateway = await startGateway();
  user = await createUser({ gatewayUrl: gateway.url, gatewayCa: gateway.ca });
  await user.signIn();
});
afterEach(async () => {
  await user.remove();
  await gateway.stop();
});

const username = async () => (await user.api.whoami()).username;

describe("the session", () => {
  it("is kept so that its owner alone can read it, also after others could", async () => {
    const file = await user.sessionFile();
    const modes = async () => [(await stat(dirname(file))).mode & 0o777, (await stat(file)).mode & 0o777];
    expect(await modes()).toEqual([0o700, 0o600]);

    await chmod(file, 0o644);
    expect(await username()).toBe("alice");
    expect(await modes()).toEqual([0o700, 0o600]);
  });

  it("sends each cookie only where it belongs, and no other credentials", async () => {
    await user.api.whoami();
    gateway.identity.expireAccess();
    await user.api.whoami();
    expect(gateway.received).toHaveLength(6);
    for (const { path, headers, cookies } of gateway.received) {
      expect(headers.authorization).toBeUndefined();
      expect(Object.hasOwn(cookies, "refresh"), path).toBe(path === "/authentication/refresh");
      expect(Object.hasOwn(cookies, "jwt"), path).toBe(!/registration|login/.test(path));
    }
  });

  it("is renewed once each time that the access token is refused, and the call repeated", async () => {
    gateway.identity.expireAccess();
    expect([await username(), await username()]).toEqual(["alice", "alice"]);
    gateway.identity.expireAccess();
    expect(await username()).toBe("alice");
    expect(gateway.identity).toMatchObject({ refreshes: 2, reuses: 0 });
  });

  it("is renewed without asking where the access token is known to have expired", async () => {
    const file = await user.sessionFile();
    const text = await readFile(file, "utf8");
    const { cookies } = JSON.parse(text) as { cookies: { jwt: object; refresh: object } };
    await writeFile(file, JSON.stringify({ cookies: { ...cookies, jwt: { ...cookies.jwt, expiresAt: 1 } } }));
    expect(await username()).toBe("alice");
    expect(gateway.received.slice(2).map(({ path }) => path)).toEqual([
      "/authentication/refresh",
      "/authentication/whoami",
    ]);
  });

  it("has its new tokens on the disk before the answer that brought them is read to its end", async () => {
    gateway.identity.expireAccess();
    const before = await readFile(await user.sessionFile(), "utf8");
    gateway.next("POST /authentication/refresh", (request) => ({
      headOf: gateway.identity.refresh(request),
    }));
    expect(await toldBy(username())).toContain("broke off the connection");
    expect(await readFile(await user.sessionFile(), "utf8")).not.toBe(before);
    expect(await username()).toBe("alice");
    expect(gateway.identity.reuses).toBe(0);
  });

  it("is over when it cannot be renewed: says to sign in, and forgets it", async () => {
    gateway.identity.endSessions();
    expect(await toldBy(username())).toBe("Your session has ended.\nSign in with `login`.");
    const sent = gateway.received.length;
    expect(await toldBy(username())).toBe("You are not signed in.\nSign in with `login`.");
    expect(gateway.received).toHaveLength(sent);
  });

  it("is kept when its renewal fails for another reason", async () => {
    gateway.identity.expireAccess();
    gateway.next("POST /authentication/refresh", () => new Problem("unavailable").toResponse());
    expect(await toldBy(username())).toBe("Try again shortly.\nTry again in a moment.");
    expect(await username()).toBe("alice");
  });

  it("is not touched by a login that is refused", async () => {
    const refused = user.api.login({ username: "alice", password: "wrong password" });
    expect(await toldBy(refused)).toBe("Username or password is wrong.");
    expect(await username()).toBe("alice");
  });

  it("that is not one any more is as good as none, and replaced by the next login", async () => {
    await writeFile(await user.sessionFile(), "{");
    expect(await toldBy(username())).toContain("You are not signed in.");
    await user.api.login({ username: "alice", password: PASSWORD });
    expect(await username()).toBe("alice");
  });

  it("leaves nothing of itself after logout", async () => {
    await user.api.logout();
    expect(await readdir(user.stateFolder)).toEqual([expect.stringMatching(/\.lock$/)]);
  });
});
