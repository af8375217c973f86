import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { admit } from "./admission.ts";
import { requireCaller } from "./callers.ts";
import { internal, serviceRoutes } from "./catalog.ts";
import { createLogger } from "./logging.ts";
import { problemHandler } from "./problem.ts";

const routes = serviceRoutes(
  {
    shop: {
      routes: {
        "POST /shop/login": "public",
        "GET /shop": "user",
        "GET /validate": internal("gateway"),
      },
    },
  },
  "shop",
  { drills: false },
);

/** Two at once and three that wait, in an app whose work ends when the test says so. */
function openShop(patience = 60_000) {
  const app = new Hono();
  const working: (() => void)[] = [];
  app.onError(problemHandler(createLogger("test", "silent")));
  app.use(requireCaller(routes, () => "gateway"));
  app.use(admit({ atOnce: 2, waiting: 3, patience, haste: patience }));
  app.all("*", async (c) => {
    await new Promise<void>((resolve) => working.push(resolve));
    return c.text("done");
  });
  return {
    working,
    ask: async (method: string, path: string) => app.request(path, { method }),
    users: (count: number) => Array.from({ length: count }, async () => app.request("/shop")),
  };
}

const statuses = async (answers: Promise<Response>[]) =>
  (await Promise.all(answers)).map(({ status }) => status);

/** Lets work end until all that was let in is answered. */
async function finish(shop: ReturnType<typeof openShop>, answers: Promise<Response>[]): Promise<number[]> {
  let all: number[] | undefined;
  void statuses(answers).then((result) => (all = result));
  while (all === undefined) {
    shop.working.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return all;
}

describe("a service's room", () => {
  it("lets two work, lets three wait, and refuses the others at once with a problem and Retry-After", async () => {
    const shop = openShop();
    const admitted = shop.users(5);
    const refused = await shop.ask("GET", "/shop");
    expect(shop.working).toHaveLength(2);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ code: "overloaded" });
    expect(await finish(shop, admitted)).toEqual([200, 200, 200, 200, 200]);
  });

  it("is refused to one that waited too long, while what is worked on goes on", async () => {
    const shop = openShop(20);
    const [first, second, ...waited] = shop.users(5);
    expect(await statuses(waited)).toEqual([503, 503, 503]);
    expect(await finish(shop, [first, second] as Promise<Response>[])).toEqual([200, 200]);
    expect(await finish(shop, shop.users(2))).toEqual([200, 200]);
  });

  it("is given back by what fails", async () => {
    const app = new Hono();
    app.onError((_, c) => c.text("failed", 500));
    app.use(admit({ atOnce: 1, waiting: 0, patience: 1_000, haste: 1_000 }));
    app.get("/shop", () => {
      throw new Error("a bug");
    });
    for (let time = 0; time < 5; time++) expect((await app.request("/shop")).status).toBe(500);
  });

  it.each([
    [
      "strangers",
      "POST",
      "/shop/login",
      [
        ["GET", "/shop"],
        ["HEAD", "/shop"],
        ["GET", "/validate"],
      ],
    ],
    [
      "users",
      "GET",
      "/shop",
      [
        ["POST", "/shop/login"],
        ["GET", "/validate"],
      ],
    ],
    [
      "the gateway's checks",
      "GET",
      "/validate",
      [
        ["POST", "/shop/login"],
        ["GET", "/shop"],
      ],
    ],
  ] as const)("that %s fill is not that of the others", async (_who, method, path, others) => {
    const shop = openShop();
    const flood = Array.from({ length: 6 }, () => shop.ask(method, path));
    expect((await Promise.race(flood)).status).toBe(503);
    const spared = others.map(([otherMethod, otherPath]) => shop.ask(otherMethod, otherPath));
    expect(await finish(shop, spared)).toEqual(spared.map(() => 200));
    expect((await finish(shop, flood)).filter((status) => status === 503)).toHaveLength(1);
  });
});
