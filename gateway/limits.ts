import type { BaseLimits } from "../services/shared/limit-policies.ts";

/** Who counts requests: each gateway instance for itself, or the authentication service for all of them. */
export type LimitsMode = "per-gateway" | "central";

/** What one client may ask. */
export interface Limits extends BaseLimits {
  readonly mode: LimitsMode;
  /** Requests of one source that may be in flight at one gateway at the same time, in both modes. */
  readonly concurrent: number;
}

/** The reference's numbers: with one gateway, 40 of 110 requests at once are accepted. */
export const defaultLimits: Limits = {
  mode: "per-gateway",
  requestsPerMinute: 20,
  burst: 40,
  concurrent: 40,
};
