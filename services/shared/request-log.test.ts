import { Hono } from "hono";
import { beforeEach, describe, expect, it } from "vitest";
import { createLogger } from "./logging.ts";
import { problemHandler, unauthenticated } from "./problem.ts";
import { logRequests } from "./request-log.ts";

let lines: string[] = [];
const logger = createLogger("things", "info", { write: (line: string) => lines.push(line) });
const app = new Hono();
app.onError(problemHandler(logger));
app.use(logRequests(logger));
app.post("/things/:id", (c) => c.json({ made: "a secret" }, 201));
app.get("/polled", (c) => {
  c.set("routine", true);
  return c.body(null, 204);
});
app.get("/refused", () => {
  throw unauthenticated();
});

beforeEach(() => {
  lines = [];
});

const post = (headers: Record<string, string> = {}) =>
  app.request("/things/17?token=secret", { method: "POST", headers, body: "secret" });
const logged = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

describe("the request log", () => {
  it("has one line for a request: its route, its answer, how long it took and for whom", async () => {
    await post({ "x-user-id": "the-user", "x-request-id": "abc-123" });
    expect(logged()).toEqual([
      expect.objectContaining({
        requestId: "abc-123",
        method: "POST",
        route: "/things/{id}",
        status: 201,
        milliseconds: expect.any(Number) as number,
        userId: "the-user",
      }),
    ]);
  });

  it("holds no header, query or body, which may be secrets", async () => {
    await post({ authorization: "Bearer secret", cookie: "jwt=secret" });
    expect(lines).toHaveLength(1);
    expect(lines.join("")).not.toContain("secret");
  });

  it("has a line for a refusal too", async () => {
    await app.request("/refused");
    expect(logged()).toEqual([expect.objectContaining({ route: "/refused", status: 401 })]);
  });

  it("has no line for what is asked several times a second, unless one looks for faults", async () => {
    await app.request("/polled");
    expect(lines).toEqual([]);
  });

  it("gives the answer the id of the request, and one of its own where there is none that can be logged", async () => {
    expect((await post({ "x-request-id": "abc-123" })).headers.get("x-request-id")).toBe("abc-123");
    for (const bad of ["", "a b", "x".repeat(65), "a\tb", '{"level":50}']) {
      const id = (await post({ "x-request-id": bad })).headers.get("x-request-id");
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    }
    expect(new Set(logged().map(({ requestId }) => requestId)).size).toBe(6);
  });

  it("gives a refusal an id too", async () => {
    const answer = await app.request("/refused", { headers: { "x-request-id": "r-1" } });
    expect(answer.headers.get("x-request-id")).toBe("r-1");
  });
});
