import type { Context } from "hono";
import { routePath } from "hono/route";

/** The pattern of the route that a request met, as the catalog writes it; `/*` where it met none. Never a raw path. */
export function routeOf(c: Context): string {
  return routePath(c, -1).replaceAll(/:(\w+)/g, "{$1}");
}
