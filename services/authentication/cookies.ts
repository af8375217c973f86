import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { Seconds } from "./tokens.ts";

/** Cookies that only HTTPS carries, only our own site's requests bring, and no script reads. */
const attributes = { httpOnly: true, secure: true, sameSite: "Strict" } as const;
const accessCookie = { ...attributes, path: "/" };
/** The refresh token goes to the one route that takes it. */
const refreshCookie = { ...attributes, path: "/authentication/refresh" };

export function setTokenCookies(
  c: Context,
  access: { token: string; lifetime: Seconds },
  refresh: { token: string; lifetime: Seconds },
): void {
  setCookie(c, "jwt", access.token, { ...accessCookie, maxAge: access.lifetime });
  setCookie(c, "refresh", refresh.token, { ...refreshCookie, maxAge: refresh.lifetime });
}

export function clearTokenCookies(c: Context): void {
  deleteCookie(c, "jwt", accessCookie);
  deleteCookie(c, "refresh", refreshCookie);
}

/** The access token of a request: the Authorization header (RFC 6750) decides where there is one, else the cookie. */
export function accessTokenOf(c: Context): string | undefined {
  const authorization = c.req.header("authorization");
  if (authorization === undefined) return getCookie(c, "jwt");
  return /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization)?.[1];
}

export function refreshTokenOf(c: Context): string | undefined {
  return getCookie(c, "refresh");
}
