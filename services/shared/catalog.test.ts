import { describe, expect, it } from "vitest";
import type { Catalog, RouteKey } from "./catalog.ts";
import {
  allRoutes,
  calleesOf,
  callersOf,
  defineCatalog,
  internal,
  pathPattern,
  serviceRoutes,
  servicesWithDatabase,
} from "./catalog.ts";

const catalog: Catalog = {
  shop: {
    database: true,
    routes: { "GET /shop": "public", "POST /shop/{id}/buy": "user", "DELETE /shop/{id}": "admin" },
  },
  depot: { routes: { "POST /internal/depot/take": internal("shop"), "GET /depot": "user" } },
  audit: { database: true, routes: { "POST /internal/audit": internal("shop", "depot", "gateway") } },
};

describe("a catalog", () => {
  it("is given back as it is where nothing is wrong with it", () => {
    expect(defineCatalog(catalog)).toBe(catalog);
  });

  it.each(["Shop", "shop_one", "1shop", "-shop", "", "shop.one", "x".repeat(41), "shop\n"])(
    "has no service called %j",
    (name) => {
      expect(() => defineCatalog({ [name]: { routes: {} } })).toThrow(
        `catalog: "${name}" cannot be a service's name`,
      );
    },
  );

  it.each([
    "gateway",
    "prometheus",
    "edge",
    "root",
    "node",
    "postgres",
    "defaultdb",
    "system",
    "microservice",
    "limit-store",
  ])("has no service that passes for the platform's own %s", (name) => {
    expect(() => defineCatalog({ [name]: { routes: {} } })).toThrow(
      `catalog: "${name}" is a name that the platform uses itself`,
    );
  });

  it.each([
    ["FETCH /shop", "unknown method"],
    ["get /shop", "unknown method"],
    ["HEAD /shop", "unknown method"],
    ["GET /Shop", "a path is lower-case segments"],
    ["GET /shop/", "a path is lower-case segments"],
    ["GET //shop", "a path is lower-case segments"],
    ["GET /shop/{}", "a path is lower-case segments"],
    ["GET /shop/{id", "a path is lower-case segments"],
    ["GET /shop/x{id}", "a path is lower-case segments"],
    ["GET /shop/*", "a path is lower-case segments"],
    ["GET /shop/`a`", "a path is lower-case segments"],
    ["GET /shop?x", "a path is lower-case segments"],
    ["GET /depot", "a route of the gateway must start with /shop"],
    ["GET /shopping", "a route of the gateway must start with /shop"],
    ["GET /{id}", "a route of the gateway must start with /shop"],
  ])("refuses the route %j and names it", (key, reason) => {
    const routes = Object.fromEntries([[key, "user"]]) as Record<RouteKey, "user">;
    expect(() => defineCatalog({ shop: { routes } })).toThrow(`catalog: shop: "${key}": ${reason}`);
  });

  it("refuses a caller that there is not and names the route", () => {
    expect(() => defineCatalog({ shop: { routes: { "POST /internal": internal("nobody") } } })).toThrow(
      'catalog: shop: "POST /internal": no service "nobody" to call it',
    );
  });

  it("lets a service have a path of its own beside those under its name", () => {
    const one = { shop: { ownPaths: ["/sale"], routes: { "GET /sale": "public" } } } as const;
    expect(defineCatalog(one)).toBe(one);
    expect(() =>
      defineCatalog({ shop: { ownPaths: ["/sale"], routes: { "GET /sale/x": "public" } } }),
    ).toThrow("a route of the gateway must start with /shop");
  });

  it.each(["/depot", "/depot/x", "/sale"] as const)("refuses that one owns %s, which another has", (path) => {
    const others = { depot: { ownPaths: ["/sale"], routes: {} } } as const;
    expect(() => defineCatalog({ ...others, shop: { ownPaths: [path], routes: {} } })).toThrow(
      /catalog: \w+: the path "\/[a-z/]+" belongs to (depot|shop)/,
    );
  });

  it("takes an internal route under any path", () => {
    const one = { shop: { routes: { "POST /depot/x": internal("gateway") } } } as const;
    expect(defineCatalog(one)).toBe(one);
  });
});

describe("the routes of a service", () => {
  const keysOf = (service: string, drills: boolean) =>
    serviceRoutes(catalog, service, { drills }).map(
      ({ method, path, access, callers }) => `${method} ${path}: ${access}, ${callers.join("+")}`,
    );

  it("are those of its entry, its OpenAPI document and its metrics", () => {
    expect(keysOf("shop", false)).toEqual([
      "GET /shop: public, gateway",
      "POST /shop/{id}/buy: user, gateway",
      "DELETE /shop/{id}: admin, gateway",
      "GET /shop/openapi.json: public, gateway",
      "GET /metrics: internal, prometheus",
    ]);
  });

  it("have the drill besides, for users, where drills are on", () => {
    expect(keysOf("depot", true)).toEqual([
      "POST /internal/depot/take: internal, shop",
      "GET /depot: user, gateway",
      "GET /depot/openapi.json: public, gateway",
      "GET /metrics: internal, prometheus",
      "GET /depot/fail: user, gateway",
    ]);
  });

  it("keep the OpenAPI document internal where all else is", () => {
    expect(keysOf("audit", false)).toEqual([
      "POST /internal/audit: internal, shop+depot+gateway",
      "GET /audit/openapi.json: internal, gateway",
      "GET /metrics: internal, prometheus",
    ]);
  });

  it("let whoever reads documents read those of others", () => {
    const reading: Catalog = { ...catalog, reader: { readsDocuments: true, routes: {} } };
    expect(calleesOf(reading, "reader")).toEqual(["shop", "depot", "audit"]);
    expect(callersOf(reading, "reader")).toEqual(["gateway", "prometheus"]);
  });

  it("of all services are those of each", () => {
    const options = { drills: true };
    expect(allRoutes(catalog, options)).toEqual(
      ["shop", "depot", "audit"].flatMap((service) => serviceRoutes(catalog, service, options)),
    );
  });

  it("of a service that there is not are an error", () => {
    expect(() => serviceRoutes(catalog, "nobody", { drills: true })).toThrow('no service "nobody"');
  });
});

describe("who calls whom", () => {
  it("is read from the routes", () => {
    expect(callersOf(catalog, "shop").sort()).toEqual(["gateway", "prometheus"]);
    expect(callersOf(catalog, "depot").sort()).toEqual(["gateway", "prometheus", "shop"]);
    expect(callersOf(catalog, "audit").sort()).toEqual(["depot", "gateway", "prometheus", "shop"]);
    expect(calleesOf(catalog, "shop")).toEqual(["depot", "audit"]);
    expect(calleesOf(catalog, "depot")).toEqual(["audit"]);
    expect(calleesOf(catalog, "audit")).toEqual([]);
    expect(calleesOf(catalog, "gateway")).toEqual(["shop", "depot", "audit"]);
    expect(calleesOf(catalog, "prometheus")).toEqual(["shop", "depot", "audit"]);
  });
});

describe("the services with a database", () => {
  it("are those that say so", () => {
    expect(servicesWithDatabase(catalog)).toEqual(["shop", "audit"]);
  });
});

describe("a path's pattern", () => {
  it.each([
    ["/shop", "/shop", true],
    ["/shop", "/shop/", false],
    ["/shop", "/shops", false],
    ["/shop", "/x/shop", false],
    ["/shop/{id}/buy", "/shop/moka-pot/buy", true],
    ["/shop/{id}/buy", "/shop/%2F/buy", true],
    ["/shop/{id}/buy", "/shop//buy", false],
    ["/shop/{id}/buy", "/shop/a/b/buy", false],
    ["/shop/{id}/buy", "/shop/a/buy/b", false],
    ["/shop/{id}/parts/{part}", "/shop/1/parts/2", true],
    ["/shop/openapi.json", "/shop/openapi.json", true],
    ["/shop/openapi.json", "/shop/openapiXjson", false],
  ])("%s matches %s: %s", (path, requested, matches) => {
    expect(new RegExp(pathPattern(path)).test(requested)).toBe(matches);
  });
});
