import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { sql } from "kysely";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { openDatabase } from "./database.ts";
import { Metrics } from "./metrics.ts";
import { Problem, problemHandler, problemResponses, unauthenticated } from "./problem.ts";

/** What an app answers where a handler throws, and what it logs meanwhile. */
async function answerTo(thrown: unknown) {
  const lines: string[] = [];
  const app = new Hono();
  app.onError(problemHandler(pino({}, { write: (line: string) => lines.push(line) })));
  app.get("/", () => Promise.reject(thrown as Error));
  const answer = await app.request("/?token=secret");
  const logged = lines.map((line) => JSON.parse(line) as { level: number; err: { message: string } });
  return { answer, text: await answer.text(), logged, log: lines.join("") };
}

describe("a problem", () => {
  it("is answered in the form of RFC 9457 with its stable code", async () => {
    const errors = [{ field: "quantity", message: "too much" }];
    const { answer, text, logged } = await answerTo(
      new Problem("validation_failed", { errors, detail: "No." }),
    );
    expect(answer.status).toBe(400);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(JSON.parse(text)).toEqual({
      type: "urn:gatehouse:problem:validation_failed",
      title: "The request is not of the documented form",
      status: 400,
      code: "validation_failed",
      detail: "No.",
      errors,
    });
    expect(logged).toEqual([]);
  });

  it("says nothing where there is nothing to say", async () => {
    expect(Object.keys((await new Problem("not_found").toResponse().json()) as object)).toEqual([
      "type",
      "title",
      "status",
      "code",
    ]);
  });

  it("may have another status and headers of its own", async () => {
    const answer = new Problem("not_permitted", {
      status: 401,
      headers: { "retry-after": "3" },
    }).toResponse();
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([401, "3"]);
    expect(await answer.json()).toMatchObject({ status: 401, code: "not_permitted" });
  });

  it("of who is not signed in carries the challenge that RFC 9110 demands", () => {
    const answer = unauthenticated("Why.").toResponse();
    expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([
      401,
      'Bearer realm="gatehouse"',
    ]);
  });

  it("is documented by status, with those that every route may answer", () => {
    const responses = problemResponses("username_taken", "sold_out", "malformed_request");
    expect(
      Object.fromEntries(Object.entries(responses).map(([status, { description }]) => [status, description])),
    ).toEqual({
      400: "malformed_request",
      409: "username_taken, sold_out",
      500: "internal_error",
      503: "unavailable, overloaded",
    });
  });
});

describe("an unexpected error", () => {
  it("is logged and answered without its inside", async () => {
    const { answer, text, logged } = await answerTo(new Error("column password_hash is secret"));
    expect(answer.status).toBe(500);
    expect(JSON.parse(text)).toEqual({
      type: "urn:gatehouse:problem:internal_error",
      title: "Something went wrong",
      status: 500,
      code: "internal_error",
    });
    expect(logged).toEqual([
      expect.objectContaining({
        level: 50,
        err: expect.objectContaining({ message: "column password_hash is secret" }) as unknown,
      }),
    ]);
  });

  it("is logged without the query, which may hold a secret", async () => {
    expect((await answerTo(new Error("x"))).log).not.toContain("token=secret");
  });

  it("of the framework counts as a malformed request where it is the client's", async () => {
    const { answer, text } = await answerTo(new HTTPException(400, { message: "Malformed JSON" }));
    expect([answer.status, JSON.parse(text)]).toEqual([
      400,
      expect.objectContaining({ code: "malformed_request" }),
    ]);
    expect((await answerTo(new HTTPException(502, { message: "x" }))).answer.status).toBe(500);
  });

  it.each([
    "40001",
    "40P01",
    "57P01",
    "53100",
    "53200",
    "53300",
    "57014",
    "08006",
    "ECONNREFUSED",
    "ECONNRESET",
    "ETIMEDOUT",
  ])("with the code %s asks the client to try again", async (code) => {
    const { answer, text, logged } = await answerTo(Object.assign(new Error("inside"), { code }));
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([
      503,
      expect.stringMatching(/^[123]$/),
    ]);
    expect(JSON.parse(text)).toMatchObject({ code: "unavailable" });
    expect(text).not.toContain("inside");
    expect(logged.map(({ level }) => level)).toEqual([40]);
  });

  it.each(["42P01", "22003", "23503", "XX000", "ENOENT"])("with the code %s is a 500", async (code) => {
    expect((await answerTo(Object.assign(new Error("inside"), { code }))).answer.status).toBe(500);
  });

  it("of a text that no database takes is the client's", async () => {
    const { answer, text } = await answerTo(Object.assign(new Error("inside"), { code: "22021" }));
    expect([answer.status, JSON.parse(text)]).toEqual([
      400,
      expect.objectContaining({ code: "malformed_request" }),
    ]);
    expect(text).not.toContain("inside");
  });
});

describe("a database that is away", () => {
  async function errorOfQuery(port: number): Promise<unknown> {
    const DATABASE_URL = `postgresql://orders@127.0.0.1:${port}/orders`;
    const db = openDatabase(
      "orders",
      { DATABASE_URL, DATABASE_POOL_SIZE: 1 },
      {
        logger: { warn: () => undefined },
        metrics: new Metrics("orders"),
      },
    );
    try {
      return await sql`select 1`.execute(db).catch((error: unknown) => error);
    } finally {
      await db.destroy();
    }
  }

  it("asks the client to try again, where nothing listens and where the line is cut", async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    expect((await answerTo(await errorOfQuery(port))).answer.status).toBe(503);
    await new Promise((resolve) => server.close(resolve));
    expect((await answerTo(await errorOfQuery(port))).answer.status).toBe(503);
  });
});
