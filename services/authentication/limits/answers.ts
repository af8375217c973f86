import { isIPv6 } from "node:net";
import type { Context } from "hono";
import { sourceOf } from "../../shared/identity.ts";
import { Problem } from "../../shared/problem.ts";
import { remaining, untilNext } from "./gcra.ts";
import type { Limiter, Verdict } from "./limiter.ts";

const SECOND = 1_000_000;

/**
 * Counts the request that the gateway asks about, and puts what is left into the answer's headers.
 * @param userId whose request it is; without one it is the source's
 * @throws Problem `rate_limited` with Retry-After
 */
export async function countRequest(
  c: Context,
  limiter: Limiter,
  { limit, userId }: { limit: string; userId: string | undefined },
): Promise<void> {
  const client = userId === undefined ? `source ${networkOf(sourceOf(c))}` : `user ${userId}`;
  const verdict = await limiter.take(client, limit);
  const headers = rateLimitHeaders(verdict);
  if (!verdict.allowed)
    throw new Problem("rate_limited", {
      headers: { ...headers, "retry-after": String(secondsUntilNext(verdict)) },
    });
  for (const [name, value] of Object.entries(headers)) c.header(name, value);
}

/**
 * The fields of draft-ietf-httpapi-ratelimit-headers-10: of the policy, how many requests an idle client has (`q`) and
 * the seconds in which they come back (`w`); of the client, how many are left (`r`) and the seconds until there is one
 * more (`t`), which is the moment of Retry-After too.
 */
export function rateLimitHeaders(verdict: Verdict): Record<"ratelimit" | "ratelimit-policy", string> {
  const { policy, bucket, level } = verdict;
  const window = Math.ceil(bucket.full / SECOND);
  return {
    "ratelimit-policy": `"${policy.name}";q=${policy.burst};w=${window}`,
    ratelimit: `"${policy.name}";r=${remaining(bucket, level)};t=${secondsUntilNext(verdict)}`,
  };
}

function secondsUntilNext({ bucket, level }: Verdict): number {
  return Math.max(1, Math.ceil(untilNext(bucket, level) / SECOND));
}

/** An IPv4 address, or the /64 of an IPv6 address: a single client has a whole one of these to choose from. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [plain = ""] = address.split("%");
  const [head = "", tail] = new URL(`http://[${plain}]`).hostname.slice(1, -1).split("::");
  const groups = head === "" ? [] : head.split(":");
  const zeros = tail === undefined ? 0 : 8 - groups.length - (tail === "" ? 0 : tail.split(":").length);
  return `${[...groups, ...Array<string>(zeros).fill("0"), ...(tail ?? "").split(":")].slice(0, 4).join(":")}::/64`;
}
