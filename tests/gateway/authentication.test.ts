import { describe, expect, it } from "vitest";
import { expectJson, signUp, TestClient } from "../support/client.ts";

describe("registration", () => {
  it("refuses a name that is taken, whatever its case, and fields that are none of its own", async () => {
    const { client, username, password } = await signUp();
    const register = (body: unknown) => client.post("/authentication/registration", body);
    expect((await register({ username: username.toUpperCase(), password })).status).toBe(409);
    expect((await register({ username: "mallory", password, role: "admin" })).status).toBe(400);
    expect((await register({ username: "al", password })).status).toBe(400);
    expect((await register({ username: "x".repeat(33), password })).status).toBe(400);
    expect((await register({ username: "mallory", password: "short" })).status).toBe(400);
    expect((await register({ username: "mallory", password: "x".repeat(129) })).status).toBe(400);
  });
});

describe("login", () => {
  it("sets a cookie that only HTTPS carries and no script reads", async () => {
    const { client, username, password } = await signUp();
    const answer = await client.post("/authentication/login", { username, password });
    const cookies = [answer.headers["set-cookie"]].flat().map(String);
    expect(cookies.find((cookie) => cookie.startsWith("jwt="))).toMatch(
      /^jwt=[\w-]+\.[\w-]+\.[\w-]+; Max-Age=900; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    );
  });
});

describe("a token", () => {
  it("is accepted as a bearer token too", async () => {
    const { client, id } = await signUp();
    const bearer = new TestClient();
    const authorization = `Bearer ${client.cookies.get("jwt") ?? ""}`;
    expect(
      expectJson(await bearer.get("/authentication/whoami", { headers: { authorization } }), 200),
    ).toMatchObject({ id });
  });

  it("is asked for with a challenge where it is absent or refused", async () => {
    const thief = new TestClient();
    for (const headers of [{}, { authorization: "Bearer a.b.c" }]) {
      const answer = await thief.get("/authentication/whoami", { headers });
      expect(answer.status).toBe(401);
      expect(answer.headers["www-authenticate"]).toContain("Bearer");
    }
  });
});

describe("a refresh token", () => {
  it("is exchanged for another, with a new access token", async () => {
    const { client } = await signUp();
    const former = client.cookies.get("refresh");
    expectJson(await client.post("/authentication/refresh"), 200);
    expect(client.cookies.get("refresh")).not.toBe(former);
    expect((await client.get("/authentication/whoami")).status).toBe(200);
  });
});
