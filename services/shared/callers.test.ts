import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { requireCaller } from "./callers.ts";
import { internal, serviceRoutes } from "./catalog.ts";
import { createLogger } from "./logging.ts";
import { problemHandler } from "./problem.ts";

const routes = serviceRoutes(
  {
    shop: {
      routes: {
        "GET /shop": "user",
        "POST /shop/{id}/buy": "user",
        "POST /internal/shop": internal("depot"),
        "GET /both": internal("depot", "gateway"),
      },
    },
    depot: { routes: {} },
  },
  "shop",
  { drills: false },
);

/** Answers 200 to everything that the check lets through, also to what the catalog does not name. */
function appFor(caller: string | undefined) {
  const app = new Hono();
  app.onError(problemHandler(createLogger("test", "silent")));
  app.use(requireCaller(routes, () => caller));
  app.all("*", (c) => c.text("in"));
  return app;
}
async function ask(caller: string | undefined, method: string, path: string) {
  return (await appFor(caller).request(path, { method })).status;
}

describe("the check of the caller", () => {
  it.each([
    ["gateway", "GET", "/shop"],
    ["gateway", "HEAD", "/shop"],
    ["gateway", "GET", "/shop?limit=1"],
    ["gateway", "POST", "/shop/moka-pot/buy"],
    ["gateway", "POST", "/shop/a%20b%2Fc/buy"],
    ["depot", "POST", "/internal/shop"],
    ["depot", "GET", "/both"],
    ["gateway", "GET", "/both"],
    ["gateway", "GET", "/shop/openapi.json"],
  ])("lets %s %s %s", async (caller, method, path) => {
    expect(await ask(caller, method, path)).toBe(200);
  });

  it.each([
    ["gateway", "POST", "/internal/shop"],
    ["depot", "GET", "/shop"],
    ["depot", "HEAD", "/shop"],
    ["depot", "GET", "/shop/openapi.json"],
    ["shop", "GET", "/shop"],
    ["", "GET", "/shop"],
    ["GATEWAY", "GET", "/shop"],
    ["gateway ", "GET", "/shop"],
  ])("refuses %j %s %s with 403", async (caller, method, path) => {
    expect(await ask(caller, method, path)).toBe(403);
  });

  it.each([
    ["POST", "/shop"],
    ["PUT", "/shop"],
    ["OPTIONS", "/shop"],
    ["GET", "/shop/"],
    ["GET", "/shop/moka-pot/buy"],
    ["POST", "/shop//buy"],
    ["POST", "/shop/a/b/buy"],
    ["GET", "/SHOP"],
    ["GET", "//shop"],
    ["GET", "/shop/fail"],
    ["GET", "/"],
  ])("keeps %s %s shut, which the catalog does not name", async (method, path) => {
    expect(await ask("gateway", method, path)).toBe(404);
  });

  it.each(["/shop", "/internal/shop", "/metrics"])(
    "refuses %s to whom shows no certificate, before it tells what there is",
    async (path) => {
      const answer = await appFor(undefined).request(path);
      expect([answer.status, await answer.json()]).toEqual([
        403,
        expect.objectContaining({ code: "caller_refused", detail: "A client certificate is required." }),
      ]);
    },
  );
});
