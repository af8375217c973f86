import { createHash, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { getCookie, setCookie } from "hono/cookie";

/** Where the dashboard is, and what shows that somebody may see it. */
export interface Door {
  readonly port: number;
  /** Is in the URL that the run prints, and in a cookie from then on. */
  readonly token: string;
}

/** Nothing but what comes from here, no frame around it, and no trace of where the user comes from. */
const HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

/** Refuses every name but this machine's own, under which a website could reach the dashboard (DNS rebinding). */
export function ownHost({ port }: Pick<Door, "port">): MiddlewareHandler {
  return async (c, next) => {
    for (const [name, value] of Object.entries(HEADERS)) c.header(name, value);
    if (!hosts(port).includes(c.req.header("host") ?? "")) return c.text("This is another host.\n", 421);
    return next();
  };
}

/**
 * Lets in whoever knows the token: loopback is open to every user of the machine, the state folder is not. What
 * changes something must come from the dashboard's own page besides, whatever cookies a browser sends along.
 */
export function ownUser({ port, token }: Door): MiddlewareHandler {
  // Cookies know no ports: two platforms side by side must not overwrite each other's.
  const cookie = `dashboard-${port}`;
  return async (c, next) => {
    const url = new URL(c.req.url);
    const given = url.searchParams.get("token");
    if (c.req.method === "GET" && given !== null && same(given, token)) {
      setCookie(c, cookie, token, { httpOnly: true, sameSite: "Strict", path: "/" });
      return c.redirect("/", 303);
    }
    if (!same(getCookie(c, cookie) ?? "", token))
      return c.text("Open the address that `npm start` printed: it has a token.\n", 401);
    const origin = c.req.header("origin");
    if (c.req.method !== "GET" && !hosts(port).some((host) => origin === `http://${host}`))
      return c.text("This comes from another page.\n", 403);
    return next();
  };
}

function hosts(port: number): string[] {
  return [`127.0.0.1:${port}`, `localhost:${port}`];
}

function same(one: string, other: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(one), hash(other));
}
