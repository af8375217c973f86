import type { Metrics } from "../shared/metrics.ts";

export type LoginOutcome = "success" | "invalid" | "throttled";
/** Why a session ended before its time: its user signed out, or a refresh token came a second time. */
export type SessionEnd = "logout" | "reuse";

export interface AuthenticationMetrics {
  login(outcome: LoginOutcome): void;
  sessionEnded(reason: SessionEnd): void;
}

export function authenticationMetrics(metrics: Metrics): AuthenticationMetrics {
  const outcomes: readonly LoginOutcome[] = ["success", "invalid", "throttled"];
  const logins = metrics.counter(
    "gatehouse_logins_total",
    "Logins tried, by how they ended",
    ["outcome"],
    outcomes.map((outcome) => ({ outcome })),
  );
  const reasons: readonly SessionEnd[] = ["logout", "reuse"];
  const ended = metrics.counter(
    "gatehouse_sessions_ended_total",
    "Sessions that were revoked, by the reason",
    ["reason"],
    reasons.map((reason) => ({ reason })),
  );
  return {
    login: (outcome) => logins.inc({ outcome }),
    sessionEnded: (reason) => ended.inc({ reason }),
  };
}
