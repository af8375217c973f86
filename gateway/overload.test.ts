import { describe, expect, it } from "vitest";
import { catalog } from "../services/catalog.ts";
import { allRoutes, routeName } from "../services/shared/catalog.ts";
import { gatewayConfiguration } from "./configuration.ts";
import { defaultLimits } from "./limits.ts";
import { overloadMiddlewares, REQUESTS_PER_ROUTE } from "./overload.ts";

const options = {
  drills: true,
  hstsSeconds: 0,
  checks: "service" as const,
  forwardAuthAddress: (service: string) => `https://${service}`,
};
const gateway = gatewayConfiguration(catalog, { ...options, limits: "off" });
const central = gatewayConfiguration(catalog, { ...options, limits: { ...defaultLimits, mode: "central" } });
const exposed = allRoutes(catalog, { drills: true }).filter(({ access }) => access !== "internal");
const chainOf = (route: (typeof exposed)[number], configuration = gateway) =>
  configuration.routers[routeName(route)]?.middlewares ?? [];

describe("an overload", () => {
  it.each(exposed.filter(({ access }) => access !== "public"))(
    "of $method $path is refused before anybody is asked who it is, limits or not",
    (route) => {
      const chain = chainOf(route);
      const [refuse, bulkhead] = [chain.indexOf("refuse-overload"), chain.indexOf("bulkhead")];
      expect(refuse).toBeGreaterThanOrEqual(0);
      expect(bulkhead).toBe(refuse + 1);
      expect(chain.indexOf("authenticate")).toBeGreaterThan(bulkhead);
    },
  );

  it.each(exposed.filter(({ access }) => access !== "public"))(
    "of $method $path is refused behind the check that counts requests, whose 429 is not the bulkhead's",
    (route) => {
      const chain = chainOf(route, central);
      const counted = chain.findIndex((name) => name.startsWith("authenticate-"));
      expect(counted).toBeGreaterThanOrEqual(0);
      expect(chain.indexOf("refuse-overload")).toBe(counted + 1);
    },
  );

  it("is counted by a header that no client can send, so that all sources are one", () => {
    expect(overloadMiddlewares()["bulkhead"]).toEqual({
      inFlightReq: { amount: REQUESTS_PER_ROUTE, sourceCriterion: { requestHeaderName: "X-User-Role" } },
    });
    for (const route of exposed) expect(chainOf(route)[0]).toBe("strip-identity");
    expect(gateway.middlewares["strip-identity"]).toHaveProperty(
      "headers.customRequestHeaders.X-User-Role",
      "",
    );
  });

  it("leaves one source what its own limit allows", () => {
    expect(REQUESTS_PER_ROUTE).toBeGreaterThan(defaultLimits.concurrent);
  });

  it("leaves 429 to a service on public routes alone: elsewhere it would be taken for the bulkhead's", () => {
    for (const route of exposed.filter(({ access }) => access === "public"))
      expect(chainOf(route)).not.toContain("refuse-overload");
  });
});

describe("the breaker", () => {
  it.each(exposed)(
    "of $method $path sees what the retries made of it, and has a status of its own",
    (route) => {
      const chain = chainOf(route);
      const at = chain.indexOf("breaker");
      expect([chain[at - 1], chain[at + 1]]).toEqual(["refuse-broken", "retry-service"]);
      expect(gateway.middlewares["breaker"]).toMatchObject({ circuitBreaker: { responseCode: 529 } });
      expect(gateway.middlewares["refuse-broken"]).toMatchObject({ errors: { status: ["529"] } });
    },
  );
});
