import { Headers } from "undici";
import { describe, expect, it } from "vitest";
import { acceptCookies, cookieHeader, isLive } from "./cookies.ts";

const NOW = Date.UTC(2030, 0, 1);

function setCookies(...lines: string[]): Headers {
  const headers = new Headers();
  for (const line of lines) headers.append("set-cookie", line);
  return headers;
}

const both = acceptCookies(
  {},
  setCookies("jwt=a.b-c_d; Max-Age=60; Path=/", "refresh=r; Max-Age=600; Path=/authentication/refresh"),
  NOW,
);

describe("cookies", () => {
  it("go to their path and below, and nowhere else", () => {
    expect(cookieHeader(both, "/products", NOW)).toBe("jwt=a.b-c_d");
    expect(cookieHeader(both, "/authentication/refresh", NOW)).toBe("jwt=a.b-c_d; refresh=r");
    expect(cookieHeader(both, "/authentication/refreshing", NOW)).toBe("jwt=a.b-c_d");
  });

  it("end with Max-Age, else with Expires", () => {
    expect(cookieHeader(both, "/", NOW + 60_000)).toBeUndefined();
    expect(isLive(both.refresh, NOW + 599_999)).toBe(true);
    const { jwt } = acceptCookies(
      {},
      setCookies(`jwt=x; Expires=${new Date(NOW + 5000).toUTCString()}`),
      NOW,
    );
    expect([isLive(jwt, NOW + 4999), isLive(jwt, NOW + 5000)]).toEqual([true, false]);
  });

  it("are deleted by Max-Age=0", () => {
    const { jwt, refresh } = acceptCookies(both, setCookies("jwt=; Max-Age=0; Path=/"), NOW);
    expect(jwt).toBeUndefined();
    expect(refresh?.value).toBe("r");
  });

  it("of other names are not kept", () => {
    expect(acceptCookies({}, setCookies("tracker=1; Path=/", "__proto__=1"), NOW)).toEqual({});
  });
});
