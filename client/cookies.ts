import type { Headers } from "undici";
import { getSetCookies } from "undici";
import { z } from "zod";

export type Milliseconds = number;

const cookie = z.object({
  value: z.string(),
  path: z.string(),
  /** Milliseconds since 1970 after which it is not sent; a cookie without end is kept until it is deleted. */
  expiresAt: z.number().optional(),
});

/** The platform's cookies: the access token and the refresh token. Any other is not kept. */
export const cookiesSchema = z.object({ jwt: cookie.optional(), refresh: cookie.optional() });
export type Cookies = Readonly<z.infer<typeof cookiesSchema>>;
export type Cookie = z.infer<typeof cookie>;

const NAMES = ["jwt", "refresh"] as const;

/** The cookies after an answer has set or deleted some of them. */
export function acceptCookies(current: Cookies, headers: Headers, now: Milliseconds = Date.now()): Cookies {
  let cookies = current;
  for (const { name, value, path, maxAge, expires } of getSetCookies(headers)) {
    const known = NAMES.find((candidate) => candidate === name);
    if (known === undefined) continue;
    // Max-Age wins over Expires (RFC 6265, section 4.1.2.2).
    const expiresAt =
      maxAge !== undefined ? now + maxAge * 1000 : expires === undefined ? undefined : Number(expires);
    const accepted = { value, path: path ?? "/", ...(expiresAt === undefined ? {} : { expiresAt }) };
    cookies = { ...cookies, [known]: isLive(accepted, now) ? accepted : undefined };
  }
  return cookies;
}

/** The `Cookie` header for a path; undefined where no cookie belongs to it. */
export function cookieHeader(
  cookies: Cookies,
  path: string,
  now: Milliseconds = Date.now(),
): string | undefined {
  const pairs = NAMES.flatMap((name) => {
    const found = cookies[name];
    return isLive(found, now) && matches(path, found.path) ? [`${name}=${found.value}`] : [];
  });
  return pairs.length === 0 ? undefined : pairs.join("; ");
}

export function isLive(found: Cookie | undefined, now: Milliseconds = Date.now()): found is Cookie {
  return found !== undefined && (found.expiresAt === undefined || found.expiresAt > now);
}

/** RFC 6265, section 5.1.4. */
function matches(path: string, cookiePath: string): boolean {
  return path === cookiePath || path.startsWith(cookiePath.endsWith("/") ? cookiePath : `${cookiePath}/`);
}
