import type { MiddlewareHandler } from "hono";
import type { Route } from "./catalog.ts";
import type { Room } from "./compartment.ts";
import { Compartment, NoRoom } from "./compartment.ts";
import { Problem, retryLater } from "./problem.ts";

/** More at once would wait for the pool's connections anyway; a full queue is worked off in a fraction of a second. */
const ROOM: Room = { atOnce: 32, waiting: 64, patience: 500, haste: 50 };

/**
 * Lets so many requests in and refuses the others with 503 while that costs nothing yet. What strangers ask, what
 * users ask and what the platform asks of itself have a compartment each, as a ship's hull has: a flood of logins
 * takes neither the users' room nor that of the gateway's checks. It stands behind the check of the caller, which knows the route.
 */
export function admit(room: Room = ROOM): MiddlewareHandler {
  const compartments = new Map<Route["access"], Compartment>();
  const compartmentOf = (access: Route["access"]) => {
    const known = compartments.get(access);
    if (known !== undefined) return known;
    const compartment = new Compartment(room);
    compartments.set(access, compartment);
    return compartment;
  };
  return async (c, next) => {
    await compartmentOf(c.get("catalogRoute")?.access ?? "public")
      .run(next)
      .catch((error: unknown) => {
        throw error instanceof NoRoom ? new Problem("overloaded", { headers: retryLater() }) : error;
      });
  };
}
