import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { describe, expect, inject, it } from "vitest";
import { expectJson, signInAsAdmin, signUp, TestClient } from "../support/client.ts";
import { linesWith, logText } from "../support/log-lines.ts";
import { secretsInLogs } from "../support/secrets-in-logs.ts";
import { eventually } from "../support/wait.ts";

const state = inject("state");

/** The lines of services and gateway that hold a text, once there are so many. */
const awaitLines = (text: string, count: number) =>
  eventually(`${count} lines with ${text}`, () => {
    const lines = linesWith(state, text);
    return lines.length >= count && lines;
  });

/** A text that is in no log unless what it was sent as is logged. */
const secret = () => `s3cret${randomBytes(12).toString("hex")}`;

describe("a request", () => {
  it("has one id from the gateway through all services, and the answer tells it", async () => {
    const { client, id: userId } = await signUp();
    const answer = await client.post("/products/espresso-cup/buy");
    expectJson(answer, 201);
    const requestId = String(answer.headers["x-request-id"]);
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/);

    const lines = await awaitLines(requestId, 4);
    const services = lines.filter(({ route }) => route !== undefined);
    expect(services.map(({ service, route, status }) => [service, route, status]).sort()).toEqual([
      ["authentication", "/validate", 200],
      ["orders", "/microservice/orders/add", 201],
      ["products", "/products/{id}/buy", 201],
    ]);
    for (const line of services) {
      expect(line).toMatchObject({ requestId, milliseconds: expect.any(Number) as number });
    }
    expect(services.find(({ service }) => service === "products")?.["userId"]).toBe(userId);
    expect(lines.find((line) => "RouterName" in line)).toMatchObject({
      RequestMethod: "POST",
      RequestPath: "/products/espresso-cup/buy",
      RouterName: "post-products-id-buy@file",
      DownstreamStatus: 201,
      ClientUsername: userId,
      "downstream_X-Request-Id": requestId,
    });
  });

  it("keeps an id that its client chose, if that can be logged, on public routes and on others", async () => {
    const { client } = await signUp();
    for (const path of ["/orders", "/orders/openapi.json"]) {
      const chosen = `mine-${randomBytes(6).toString("hex")}`;
      const idFor = async (given: string) =>
        (await client.get(path, { headers: { "x-request-id": given } })).headers["x-request-id"];
      expect(await idFor(chosen)).toBe(chosen);
      expect(await idFor("not an id")).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it("that is refused has an id too", async () => {
    const answer = await new TestClient().get("/orders");
    expect(answer.status).toBe(401);
    expect(answer.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("is found by npm run logs, in every process that it met", async () => {
    const { client } = await signUp();
    const requestId = `found-${randomBytes(6).toString("hex")}`;
    await client.post("/products/espresso-cup/buy", undefined, { headers: { "x-request-id": requestId } });
    await awaitLines(requestId, 4);
    const args = ["local/logs.ts", "--state", state, "--request", requestId];
    const { stdout, status } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect(status).toBe(0);
    expect(stdout.trim().split("\n")).toHaveLength(4);
    expect(stdout).toMatch(/gateway .* POST \/products\/espresso-cup\/buy 201 .* post-products-id-buy/);
    const raw = spawnSync(process.execPath, [...args, "--json", "orders"], { encoding: "utf8" });
    expect(JSON.parse(raw.stdout)).toMatchObject({ service: "orders", requestId });
  });
});

describe("no secret is in any log", () => {
  it("of a journey with its failures", async () => {
    const { client, password, username } = await signUp();
    const admin = await signInAsAdmin();
    const secrets = [password, inject("outputs").adminPassword, ...admin.cookies.values()];
    const note = (value: string) => {
      secrets.push(value);
      return value;
    };

    for (const token of client.cookies.values()) note(token);
    expectJson(await client.post("/products/espresso-cup/buy", { quantity: 1 }), 201);
    expectJson(await client.post("/authentication/refresh"), 200);
    for (const token of client.cookies.values()) note(token);
    await client.post("/authentication/refresh", { refreshToken: note(secret()) });
    await client.post("/authentication/login", { username, password: note(secret()) });
    await client.post("/authentication/login", `{"username": "${username}", "password": "${note(secret())}`, {
      headers: { "content-type": "application/json" },
    });
    await client.post("/authentication/registration", { username: "x", password: note(secret()) });
    for (const path of [
      "/orders",
      "/authentication/login",
      "/nowhere",
      "/products/admin",
      "/orders/openapi.json",
    ]) {
      const headers = {
        authorization: `Bearer ${note(secret())}`,
        cookie: `jwt=${note(secret())}`,
        "x-api-key": note(secret()),
      };
      await client.get(`${path}?token=${note(secret())}&cursor=${note(secret())}`, { headers });
      await client.post(`${path}?password=${note(secret())}`, { note: note(secret()) }, { headers });
    }
    await client.post("/authentication/logout");

    const marker = `end-${randomBytes(6).toString("hex")}`;
    await client.get("/orders/openapi.json", { headers: { "x-request-id": marker } });
    await awaitLines(marker, 2);
    const text = logText(state);
    expect(secrets.length).toBeGreaterThan(35);
    expect(secrets.filter((value) => text.includes(value))).toEqual([]);
  });

  it("of all that tests have done so far: neither tokens, nor hashes, nor keys, nor the platform's own secrets", () => {
    expect(secretsInLogs(state)).toEqual([]);
  });
});
