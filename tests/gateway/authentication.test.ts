import { generateKeyPairSync, randomUUID } from "node:crypto";
import { SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { expectJson, signUp, TestClient } from "../support/client.ts";

const REPLICAS_TRIED = 12;

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

  it("answers a wrong password and an unknown user alike", async () => {
    const { client, username } = await signUp();
    const wrong = await client.post("/authentication/login", { username, password: "not the password" });
    const unknown = await client.post("/authentication/login", {
      username: "nobody-at-all",
      password: "not the password",
    });
    expect(wrong.status).toBe(401);
    expect([unknown.status, unknown.text]).toEqual([wrong.status, wrong.text]);
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

  it("never works again after logout, on any replica, nor does its refresh token", async () => {
    const { client } = await signUp();
    const headers = { authorization: `Bearer ${client.cookies.get("jwt") ?? ""}` };
    const refreshToken = client.cookies.get("refresh");
    expect((await client.post("/authentication/logout")).status).toBe(204);
    const thief = new TestClient();
    const replays = Array.from({ length: REPLICAS_TRIED }, () =>
      thief.get("/authentication/whoami", { headers }),
    );
    expect((await Promise.all(replays)).map(({ status }) => status)).toEqual(Array(REPLICAS_TRIED).fill(401));
    expect((await thief.post("/authentication/refresh", { refreshToken })).status).toBe(401);
  });

  it("is refused where it is absent, garbled or signed by somebody else", async () => {
    const { client, id } = await signUp();
    const token = client.cookies.get("jwt") ?? "";
    const [header = "", payload = "", signature = ""] = token.split(".");
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const { kid } = JSON.parse(Buffer.from(header, "base64url").toString()) as { kid: string };
    const forged = await new SignJWT({ sid: randomUUID() })
      .setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid })
      .setIssuer("gatehouse")
      .setAudience("gatehouse")
      .setSubject(id)
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime("15m")
      .sign(privateKey);
    const none = Buffer.from(JSON.stringify({ alg: "none", typ: "at+jwt", kid })).toString("base64url");
    const flipped = (signature.startsWith("A") ? "B" : "A") + signature.slice(1);
    const thief = new TestClient();
    for (const bad of [
      "",
      "x",
      "a.b.c",
      `${none}.${payload}.`,
      `${header}.${payload}.${flipped}`,
      `${header}.${payload}`,
      forged,
    ]) {
      const answer = await thief.get("/authentication/whoami", {
        headers: { authorization: `Bearer ${bad}` },
      });
      expect([bad, answer.status]).toEqual([bad, 401]);
      expect(answer.headers["www-authenticate"]).toContain("Bearer");
    }
    expect((await thief.get("/authentication/whoami")).status).toBe(401);
  });
});

describe("a refresh token", () => {
  it("works once, and its second use ends the whole session", async () => {
    const { client } = await signUp();
    const stolen = client.cookies.get("refresh");
    expectJson(await client.post("/authentication/refresh"), 200);
    expect((await client.get("/authentication/whoami")).status).toBe(200);
    expect(client.cookies.get("refresh")).not.toBe(stolen);

    const thief = new TestClient();
    expect((await thief.post("/authentication/refresh", { refreshToken: stolen })).status).toBe(401);
    expect((await client.get("/authentication/whoami")).status).toBe(401);
    expect((await client.post("/authentication/refresh")).status).toBe(401);
  });
});
