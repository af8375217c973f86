import type { Context } from "hono";
import { routePath } from "hono/route";

/** The pattern of the route that a request met, as the catalog writes it; `/*` where it met none. Never a raw path. */
export function routeOf(c: Context): string {
  const path = routePath(c, -1);
  const known = patterns.get(path);
  if (known !== undefined) return known;
  const pattern = path.replaceAll(/:(\w+)/g, "{$1}");
  patterns.set(path, pattern);
  return pattern;
}

/** Patterns by Hono's way to write them: as many as an app has routes. */
const patterns = new Map<string, string>();
