import { describe, expect, it } from "vitest";
import { catalog } from "../services/catalog.ts";
import { allRoutes, internal, routeName } from "../services/shared/catalog.ts";
import type { Catalog } from "../services/shared/catalog.ts";
import type { GatewayOptions } from "./configuration.ts";
import { gatewayConfiguration } from "./configuration.ts";
import { defaultLimits } from "./limits.ts";

const options: GatewayOptions = {
  limits: defaultLimits,
  drills: true,
  hstsSeconds: 3600,
  checks: "service",
  forwardAuthAddress: (service) => `https://${service}.internal:8443`,
};
const gateway = gatewayConfiguration(catalog, options);
const central = gatewayConfiguration(catalog, { ...options, limits: { ...defaultLimits, mode: "central" } });
const unlimited = gatewayConfiguration(catalog, { ...options, limits: "off" });

const routes = allRoutes(catalog, options);
const exposed = routes.filter(({ access }) => access !== "internal");
const chains = (configuration = gateway) =>
  exposed.map((route) => {
    const chain = configuration.routers[routeName(route)]?.middlewares ?? [];
    return { route: `${route.method} ${route.path}`, access: route.access, service: route.service, chain };
  });

describe("the gateway's routers", () => {
  it("are one for each exposed route, under a name of its own, and no other", () => {
    const names = exposed.map(routeName);
    expect(new Set(names).size).toBe(names.length);
    expect(Object.keys(gateway.routers).sort()).toEqual(names.sort());
  });

  it("say the method and the path of their route exactly", () => {
    const rules = Object.fromEntries(Object.entries(gateway.routers).map(([name, { rule }]) => [name, rule]));
    expect(rules).toEqual({
      "post-authentication-registration": "Method(`POST`) && Path(`/authentication/registration`)",
      "post-authentication-login": "Method(`POST`) && Path(`/authentication/login`)",
      "post-authentication-refresh": "Method(`POST`) && Path(`/authentication/refresh`)",
      "post-authentication-logout": "Method(`POST`) && Path(`/authentication/logout`)",
      "get-authentication-whoami": "(Method(`GET`) || Method(`HEAD`)) && Path(`/authentication/whoami`)",
      "get-authentication-openapi-json":
        "(Method(`GET`) || Method(`HEAD`)) && Path(`/authentication/openapi.json`)",
      "get-authentication-fail": "(Method(`GET`) || Method(`HEAD`)) && Path(`/authentication/fail`)",
      "get-authorization-fail": "(Method(`GET`) || Method(`HEAD`)) && Path(`/authorization/fail`)",
      "get-products": "(Method(`GET`) || Method(`HEAD`)) && Path(`/products`)",
      "get-products-admin": "(Method(`GET`) || Method(`HEAD`)) && Path(`/products/admin`)",
      "post-products-id-buy": "Method(`POST`) && PathRegexp(`^/products/[^/]+/buy$`)",
      "get-products-openapi-json": "(Method(`GET`) || Method(`HEAD`)) && Path(`/products/openapi.json`)",
      "get-products-fail": "(Method(`GET`) || Method(`HEAD`)) && Path(`/products/fail`)",
      "get-orders": "(Method(`GET`) || Method(`HEAD`)) && Path(`/orders`)",
      "get-orders-openapi-json": "(Method(`GET`) || Method(`HEAD`)) && Path(`/orders/openapi.json`)",
      "get-orders-fail": "(Method(`GET`) || Method(`HEAD`)) && Path(`/orders/fail`)",
      "get-docs": "(Method(`GET`) || Method(`HEAD`)) && Path(`/docs`)",
      "get-docs-start-js": "(Method(`GET`) || Method(`HEAD`)) && Path(`/docs/start.js`)",
      "get-docs-swagger-ui-css": "(Method(`GET`) || Method(`HEAD`)) && Path(`/docs/swagger-ui.css`)",
      "get-docs-swagger-ui-bundle-js":
        "(Method(`GET`) || Method(`HEAD`)) && Path(`/docs/swagger-ui-bundle.js`)",
      "get-openapi-json": "(Method(`GET`) || Method(`HEAD`)) && Path(`/openapi.json`)",
      "get-docs-openapi-json": "(Method(`GET`) || Method(`HEAD`)) && Path(`/docs/openapi.json`)",
      "get-docs-fail": "(Method(`GET`) || Method(`HEAD`)) && Path(`/docs/fail`)",
    });
  });

  it("have no drill where drills are off", () => {
    const names = Object.keys(gatewayConfiguration(catalog, { ...options, drills: false }).routers);
    expect(names.filter((name) => name.endsWith("-fail"))).toEqual([]);
    expect(names).toContain("get-orders");
  });

  it("take requests at the secure entry point alone", () => {
    for (const router of Object.values(gateway.routers)) expect(router.entryPoints).toEqual(["websecure"]);
  });

  it("lead to services and middlewares that there are", () => {
    for (const configuration of [gateway, unlimited, central]) {
      for (const { service, middlewares } of Object.values(configuration.routers)) {
        expect(Object.keys(configuration.services)).toContain(service);
        expect(Object.keys(configuration.middlewares)).toEqual(expect.arrayContaining([...middlewares]));
      }
    }
  });
});

/** Where Traefik sends a request: to the matching router of the highest priority. */
function routed(method: string, path: string, configuration = gateway): string | undefined {
  const matching = Object.entries(configuration.routers).filter(([, { rule }]) => {
    const methods = [...rule.matchAll(/Method\(`(\w+)`\)/g)].map(([, name]) => name);
    const [, pattern] = /PathRegexp\(`(.+)`\)$/.exec(rule) ?? [];
    const [, exact] = / Path\(`(.+)`\)$/.exec(rule) ?? [];
    const fits = pattern === undefined ? path === exact : new RegExp(pattern).test(path);
    return methods.includes(method) && fits;
  });
  return matching.sort(([, one], [, other]) => other.priority - one.priority)[0]?.[0];
}

describe("a request", () => {
  it.each([
    ["GET", "/products", "get-products"],
    ["HEAD", "/products", "get-products"],
    ["POST", "/products", undefined],
    ["PUT", "/products", undefined],
    ["PATCH", "/products", undefined],
    ["DELETE", "/products", undefined],
    ["OPTIONS", "/products", undefined],
    ["TRACE", "/products", undefined],
    ["CONNECT", "/products", undefined],
    ["PROPFIND", "/products", undefined],
    ["get", "/products", undefined],
    ["POST", "/products/moka-pot/buy", "post-products-id-buy"],
    ["GET", "/products/moka-pot/buy", undefined],
    ["HEAD", "/products/moka-pot/buy", undefined],
    ["POST", "/products//buy", undefined],
    ["POST", "/products/a/b/buy", undefined],
    ["POST", "/products/moka-pot/buy/", undefined],
    ["POST", "/x/products/moka-pot/buy", undefined],
    ["GET", "/products/admin", "get-products-admin"],
    ["HEAD", "/products/admin", "get-products-admin"],
    ["GET", "/products/admin/", undefined],
    ["GET", "/products/Admin", undefined],
    ["GET", "/authentication/login", undefined],
    ["POST", "/authentication/login", "post-authentication-login"],
    ["GET", "/validate", undefined],
    ["GET", "/authentication/validate", undefined],
    ["GET", "/authorization/validate", undefined],
    ["GET", "/authorization/openapi.json", undefined],
    ["POST", "/microservice/orders/add", undefined],
    ["POST", "/orders/microservice/orders/add", undefined],
    ["GET", "/health", undefined],
    ["GET", "/orders/health", undefined],
    ["GET", "/", undefined],
  ])("%s %s goes to %s", (method, path, router) => {
    expect(routed(method, path)).toBe(router);
  });

  it("goes to fixed segments rather than to a placeholder, whatever the length of the rules", () => {
    const shop: Catalog = {
      shop: {
        routes: {
          "GET /shop/{aVeryLongPlaceholderForOneSegment}": "user",
          "GET /shop/{category}/{thing}": "user",
          "GET /shop/{category}/new": "user",
          "GET /shop/a": "admin",
          "POST /shop/take": internal("gateway"),
        },
      },
    };
    const other = gatewayConfiguration(shop, options);
    expect(routed("GET", "/shop/a", other)).toBe("get-shop-a");
    expect(routed("GET", "/shop/b", other)).toBe("get-shop-averylongplaceholderforonesegment");
    expect(routed("GET", "/shop/b/new", other)).toBe("get-shop-category-new");
    expect(routed("GET", "/shop/b/old", other)).toBe("get-shop-category-thing");
    expect(routed("POST", "/shop/take", other)).toBeUndefined();
  });
});

describe("a route's chain of middlewares", () => {
  it.each(chains())("of $route first removes the client's own identity headers", ({ chain }) => {
    expect(chain[0]).toBe("strip-identity");
    expect(chain.filter((name) => name === "strip-identity")).toHaveLength(1);
  });

  it.each(chains())("of $route ($access) checks who is asking as its access says", ({ access, chain }) => {
    const checks = chain.filter((name) => name.startsWith("auth"));
    const expected = { public: [], user: ["authenticate"], admin: ["authenticate", "authorize-admin"] };
    expect(checks).toEqual(expected[access as keyof typeof expected]);
  });

  it.each(chains())(
    "of $route repeats a failed check inside the limits, and a failed service inside the check",
    ({ access, chain }) => {
      const order = ["in-flight", "retry-checks", "authenticate", "authorize-admin", "retry-service"];
      const expected = {
        public: ["in-flight", "retry-service"],
        user: order.filter((name) => name !== "authorize-admin"),
        admin: order,
      };
      expect(chain.filter((name) => order.includes(name))).toEqual(expected[access as keyof typeof expected]);
    },
  );

  it("leaves public what the catalog says is, and nothing else", () => {
    const open = chains().filter(({ chain }) => !chain.includes("authenticate"));
    expect(open.map(({ route }) => route).sort()).toEqual([
      "GET /authentication/openapi.json",
      "GET /docs",
      "GET /docs/openapi.json",
      "GET /docs/start.js",
      "GET /docs/swagger-ui-bundle.js",
      "GET /docs/swagger-ui.css",
      "GET /openapi.json",
      "GET /orders/openapi.json",
      "GET /products/openapi.json",
      "POST /authentication/login",
      "POST /authentication/refresh",
      "POST /authentication/registration",
    ]);
  });

  it.each(chains())(
    "of $route keeps credentials from all services but authentication",
    ({ service, chain }) => {
      const kept = !chain.includes("strip-credentials");
      expect(kept).toBe(service === "authentication");
      if (!kept) expect(chain.at(-1)).toBe("strip-credentials");
    },
  );

  it.each(chains())(
    "of $route is limited and read whole before anything is asked of a service",
    ({ chain, service }) => {
      // Pages are too large to be held in memory, which reading whole does to answers too.
      const [headers, whole] =
        service === "docs" ? ["page-security-headers", []] : ["security-headers", ["whole-body"]];
      const first = ["strip-identity", headers, "rate-limit", "in-flight", ...whole];
      expect(chain.slice(0, first.length)).toEqual(first);
      expect(chain.filter((name) => name === "whole-body")).toEqual(whole);
    },
  );

  it.each(chains(unlimited))(
    "of $route has no limit where limits are off, and all else",
    ({ chain, route }) => {
      const limited = chains().find((one) => one.route === route)?.chain ?? [];
      expect(chain).toEqual(limited.filter((name) => name !== "rate-limit" && name !== "in-flight"));
      expect(chain).toHaveLength(limited.length - 2);
    },
  );

  it.each(chains(central))(
    "of $route ($access) asks for its limit in its check where limits are central, and in one of its own where it is public",
    ({ access, chain }) => {
      const policy = chain.find((name) => /^(limit|authenticate)-/.test(name)) ?? "";
      const checks = {
        public: ["retry-checks", policy],
        user: ["retry-checks", policy],
        admin: ["retry-checks", policy, "authorize-admin"],
      };
      expect([chain[0], chain[2]]).toEqual(["strip-identity", "in-flight"]);
      const behind = chain.filter((name) => /^(retry-checks|limit-|authenticate|authorize)/.test(name));
      expect(behind).toEqual(checks[access as keyof typeof checks]);
      expect(policy.startsWith(access === "public" ? "limit-" : "authenticate-")).toBe(true);
      expect(chain).not.toContain("rate-limit");
    },
  );

  it("asks for a limit of its own where limits are central, or for that of its class", () => {
    const policies = chains(central).map(({ chain }) =>
      chain.find((name) => /^(limit|authenticate)-/.test(name)),
    );
    expect(policies.filter((name) => name === "limit-credentials-public")).toHaveLength(3);
    expect(new Set(policies).size).toBe(policies.length - 2);
  });
});
