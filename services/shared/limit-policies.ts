import type { Catalog, Route } from "./catalog.ts";
import { allRoutes, routeName } from "./catalog.ts";

/** The numbers that all limits are derived from. */
export interface BaseLimits {
  /** Requests per minute in the long run. */
  readonly requestsPerMinute: number;
  /** Requests that may come at once after a pause. */
  readonly burst: number;
}

/** What one client may ask of a route, or of all routes of a class. */
export interface LimitPolicy extends BaseLimits {
  readonly name: string;
}

/** Name of the policy of a route: its own, or that of its class and access. */
export function limitPolicyOf(route: Route): string {
  return route.limitClass === undefined ? routeName(route) : `${route.limitClass.name}-${route.access}`;
}

/**
 * The policies of all routes of the gateway by name.
 * @throws Error where two classes have one name, or a class shares out nothing
 */
export function limitPolicies(catalog: Catalog, base: BaseLimits): ReadonlyMap<string, LimitPolicy> {
  const policies = new Map<string, LimitPolicy>();
  for (const route of allRoutes(catalog, { drills: true })) {
    if (route.access === "internal") continue;
    const name = limitPolicyOf(route);
    const policy = { name, ...shareOf(base, route.limitClass?.shares[route.access] ?? 1, name) };
    const other = policies.get(name);
    if (other !== undefined && JSON.stringify(other) !== JSON.stringify(policy))
      throw new Error(`catalog: two different limits are called "${name}"`);
    policies.set(name, policy);
  }
  return policies;
}

function shareOf({ requestsPerMinute, burst }: BaseLimits, share: number, name: string): BaseLimits {
  if (!(share > 0)) throw new Error(`catalog: the limit "${name}" must be a share above 0`);
  return { requestsPerMinute: requestsPerMinute * share, burst: Math.max(1, Math.floor(burst * share)) };
}
