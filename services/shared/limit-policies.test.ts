import { describe, expect, it } from "vitest";
import { catalog as platform } from "../catalog.ts";
import type { LimitClass } from "./catalog.ts";
import { limitedAs } from "./catalog.ts";
import { limitPolicies } from "./limit-policies.ts";

const base = { requestsPerMinute: 20, burst: 40 };
const heavy: LimitClass = { name: "heavy", shares: { public: 0.1, user: 0.5, admin: 2 } };

describe("the policies of a catalog", () => {
  it("are one for each route, with the configured numbers", () => {
    const policies = limitPolicies(
      { shop: { routes: { "GET /shop": "user", "GET /shop/{id}": "admin" } } },
      base,
    );
    expect(policies.get("get-shop")).toEqual({ name: "get-shop", ...base });
    expect(policies.get("get-shop-id")).toEqual({ name: "get-shop-id", ...base });
  });

  it("are one for all routes of a class and role, with its share of the numbers", () => {
    const routes = {
      "GET /shop/report": limitedAs(heavy, "user"),
      "GET /shop/export": limitedAs(heavy, "user"),
      "GET /shop/audit": limitedAs(heavy, "admin"),
    } as const;
    const policies = limitPolicies({ shop: { routes } }, base);
    expect(policies.get("heavy-user")).toEqual({ name: "heavy-user", requestsPerMinute: 10, burst: 20 });
    expect(policies.get("heavy-admin")).toEqual({ name: "heavy-admin", requestsPerMinute: 40, burst: 80 });
    expect([...policies.keys()].filter((name) => name.includes("report"))).toEqual([]);
  });

  it("always let one request through, and refuse a share that would let none", () => {
    const routes = (share: number) => ({
      shop: {
        routes: { "GET /shop": limitedAs({ ...heavy, shares: { ...heavy.shares, user: share } }, "user") },
      },
    });
    expect(limitPolicies(routes(0.001), base).get("heavy-user")?.burst).toBe(1);
    expect(() => limitPolicies(routes(0), base)).toThrow('the limit "heavy-user" must be a share above 0');
  });

  it("are not two of one name", () => {
    const other: LimitClass = { name: "heavy", shares: { public: 1, user: 1, admin: 1 } };
    const routes = {
      "GET /shop/a": limitedAs(heavy, "user"),
      "GET /shop/b": limitedAs(other, "user"),
    } as const;
    expect(() => limitPolicies({ shop: { routes } }, base)).toThrow(
      'two different limits are called "heavy-user"',
    );
  });

  it("of the platform give every route the reference's numbers", () => {
    for (const policy of limitPolicies(platform, base).values()) expect(policy).toMatchObject(base);
  });
});
