import type { BulkheadPolicy } from "cockatiel";
import { bulkhead, BulkheadRejectedError } from "cockatiel";
import type { MiddlewareHandler } from "hono";
import type { Route } from "./catalog.ts";
import { routeFinder } from "./callers.ts";
import { Problem, retryLater } from "./problem.ts";

export interface Room {
  /** Requests of one compartment that a process works on at once. */
  readonly atOnce: number;
  /** Requests that wait for their turn; a further one is refused at once. */
  readonly waiting: number;
  /** Milliseconds that one of them waits before it is refused. */
  readonly patience: number;
}

/** More at once would wait for the pool's connections anyway; a full queue is worked off in a fraction of a second. */
const ROOM: Room = { atOnce: 32, waiting: 64, patience: 1_000 };

/**
 * Lets so many requests in and refuses the others with 503 while that costs nothing yet. What strangers ask, what
 * users ask and what the platform asks of itself have a compartment each, as a ship's hull has: a flood of logins
 * takes neither the users' room nor that of the gateway's checks.
 */
export function admit(routes: readonly Route[], room: Room = ROOM): MiddlewareHandler {
  const find = routeFinder(routes);
  const compartments = new Map(
    routes.map(({ access }) => [access, bulkhead(room.atOnce, room.waiting)] as const),
  );
  return async (c, next) => {
    const compartment = compartments.get(find(c.req.method, c.req.path)?.access ?? "public");
    if (compartment === undefined) return next();
    await inTurn(compartment, room.patience, next);
  };
}

/** Does the work in its turn, at once where there is room. @throws Problem `overloaded` where there is no room, or none in time */
async function inTurn(
  compartment: BulkheadPolicy,
  patience: number,
  work: () => Promise<void>,
): Promise<void> {
  if (compartment.executionSlots > 0) return compartment.execute(work);
  const waiting = new AbortController();
  const tired = setTimeout(() => waiting.abort(), patience);
  const begin = () => {
    clearTimeout(tired);
    return work();
  };
  // The bulkhead itself notices only when their turn comes that some have gone.
  const gone = new Promise<never>((_, reject) => {
    waiting.signal.addEventListener("abort", () => reject(overloaded()));
  });
  try {
    await Promise.race([compartment.execute(begin, waiting.signal), gone]);
  } catch (error) {
    clearTimeout(tired);
    throw error instanceof BulkheadRejectedError ? overloaded() : error;
  }
}

const overloaded = () => new Problem("overloaded", { headers: retryLater() });
