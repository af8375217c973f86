/** What one source may ask of one gateway instance. */
export interface Limits {
  /** Requests per minute in the long run. */
  readonly requestsPerMinute: number;
  /** Requests that may come at once after a pause. */
  readonly burst: number;
  /** Requests that may be in flight at the same time. */
  readonly concurrent: number;
}

/** The reference's numbers: with one gateway, 40 of 110 requests at once are accepted. */
export const defaultLimits: Limits = { requestsPerMinute: 20, burst: 40, concurrent: 40 };
