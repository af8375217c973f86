import type { MiddlewareHandler } from "hono";
import type { Route } from "./catalog.ts";
import { routeFinder } from "./callers.ts";
import type { Room } from "./compartment.ts";
import { Compartment, NoRoom } from "./compartment.ts";
import { Problem, retryLater } from "./problem.ts";

/** More at once would wait for the pool's connections anyway; a full queue is worked off in a fraction of a second. */
const ROOM: Room = { atOnce: 32, waiting: 64, patience: 500, haste: 50 };

/**
 * Lets so many requests in and refuses the others with 503 while that costs nothing yet. What strangers ask, what
 * users ask and what the platform asks of itself have a compartment each, as a ship's hull has: a flood of logins
 * takes neither the users' room nor that of the gateway's checks.
 */
export function admit(routes: readonly Route[], room: Room = ROOM): MiddlewareHandler {
  const find = routeFinder(routes);
  const compartments = new Map(routes.map(({ access }) => [access, new Compartment(room)] as const));
  return async (c, next) => {
    const compartment = compartments.get(find(c.req.method, c.req.path)?.access ?? "public");
    if (compartment === undefined) return next();
    await compartment.run(next).catch((error: unknown) => {
      throw error instanceof NoRoom ? new Problem("overloaded", { headers: retryLater() }) : error;
    });
  };
}
