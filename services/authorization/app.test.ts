import { randomUUID } from "node:crypto";
import type { OpenAPIHono } from "@hono/zod-openapi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ADMINISTRATOR_ID } from "../shared/administrator.ts";
import { Health } from "../shared/health.ts";
import { createLogger } from "../shared/logging.ts";
import { Metrics } from "../shared/metrics.ts";
import { testDatabase } from "../shared/testing.ts";
import type { RefusalStatus } from "./app.ts";
import { createApp } from "./app.ts";
import type { AuthorizationDatabase } from "./database.ts";
import { migrations } from "./migrations.ts";
import { grantRole } from "./roles.ts";

describe("the authorization service", () => {
  let database: Awaited<ReturnType<typeof testDatabase<AuthorizationDatabase>>>;
  let app: OpenAPIHono;
  const logger = createLogger("authorization", "silent");
  const appThatRefusesWith = (refusalStatus: RefusalStatus, caller = "gateway") =>
    createApp({
      logger,
      metrics: new Metrics("authorization"),
      health: new Health(),
      drills: false,
      callerOf: () => caller,
      db: database.db,
      refusalStatus,
    });
  const validate = (headers: Record<string, string>, query = "?role=admin", by = app) =>
    by.request(`/validate${query}`, { headers });

  beforeAll(async () => {
    database = await testDatabase<AuthorizationDatabase>(migrations);
    await grantRole(database.db, ADMINISTRATOR_ID, "admin");
    app = appThatRefusesWith(401);
  });
  afterAll(() => database.drop());

  it("tells the gateway the role of a user who has it", async () => {
    const answer = await validate({ "x-user-id": ADMINISTRATOR_ID });
    expect([answer.status, answer.headers.get("x-user-role"), await answer.text()]).toEqual([
      200,
      "admin",
      "",
    ]);
  });

  it("answers 401 with a challenge to everybody else, as the reference does", async () => {
    const answer = await validate({ "x-user-id": randomUUID() });
    expect([answer.status, answer.headers.get("x-user-role")]).toEqual([401, null]);
    expect(answer.headers.get("www-authenticate")).toContain("Bearer");
    expect(await answer.json()).toMatchObject({ code: "unauthenticated" });
  });

  it("answers 403 where the setting says so, but 401 still to those who have not signed in", async () => {
    const strict = appThatRefusesWith(403);
    const refused = await validate({ "x-user-id": randomUUID() }, "?role=admin", strict);
    expect([refused.status, await refused.json()]).toEqual([
      403,
      expect.objectContaining({ code: "not_permitted" }),
    ]);
    expect((await validate({}, "?role=admin", strict)).status).toBe(401);
    expect((await validate({ "x-user-id": ADMINISTRATOR_ID }, "?role=admin", strict)).status).toBe(200);
  });

  it("does not believe a role that the request brings", async () => {
    const answer = await validate({ "x-user-id": randomUUID(), "x-user-role": "admin" });
    expect([answer.status, answer.headers.get("x-user-role")]).toEqual([401, null]);
  });

  it.each([
    ["no identity", {}],
    ["an identity that is no id", { "x-user-id": "admin" }],
    ["two identities", { "x-user-id": `${ADMINISTRATOR_ID}, ${randomUUID()}` }],
  ])("answers 401 to %s", async (_what, headers) => {
    expect((await validate(headers)).status).toBe(401);
  });

  it.each(["", "?role=", "?role=root", "?role=Admin", "?role=root&role=admin"])(
    "answers 400 to the query %j, which names no role that there is",
    async (query) => {
      const answer = await validate({ "x-user-id": ADMINISTRATOR_ID }, query);
      expect([answer.status, answer.headers.get("x-user-role")]).toEqual([400, null]);
      expect(await answer.json()).toMatchObject({ code: "validation_failed" });
    },
  );

  it("answers nobody but the gateway", async () => {
    const asProducts = appThatRefusesWith(401, "products");
    expect((await validate({ "x-user-id": ADMINISTRATOR_ID }, "?role=admin", asProducts)).status).toBe(403);
  });

  it("takes the same grant twice", async () => {
    await grantRole(database.db, ADMINISTRATOR_ID, "admin");
    expect(await database.db.selectFrom("roles").selectAll().execute()).toEqual([
      { user_id: ADMINISTRATOR_ID, role: "admin" },
    ]);
  });
});
