import type { Context } from "hono";
import { unauthenticated } from "./problem.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The id of the signed-in user, as the gateway's check of the token set it. Only the gateway can reach a route
 * of the catalog that is for users, and it removes what the client sent, so the header can be believed.
 * @throws Problem `unauthenticated` where it is absent, so that a mistake in the gateway shuts the door.
 */
export function userIdOf(c: Context): string {
  const id = c.req.header("x-user-id");
  if (id === undefined || !UUID.test(id)) throw unauthenticated();
  return id;
}

/**
 * The address that the gateway took the request from: the last entry of X-Forwarded-For, which the gateway adds
 * itself. What a client writes into that header is dropped at the entry.
 */
export function sourceOf(c: Context): string {
  return c.req.header("x-forwarded-for")?.split(",").at(-1)?.trim() ?? "unknown";
}
