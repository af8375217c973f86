import type { Metrics } from "../../shared/metrics.ts";
import type { Decision, Limiter } from "./limiter.ts";

/** Counts what the limiter decides: `degraded` are decisions without the store. */
export function countDecisions(metrics: Metrics): (decision: Decision) => void {
  const decisions = metrics.counter(
    "gatehouse_limiter_decisions_total",
    "Requests that the central limiter decided about, by the policy",
    ["policy", "decision", "degraded"],
  );
  return ({ policy, outcome, degraded }) =>
    decisions.inc({ policy, decision: outcome, degraded: String(degraded) });
}

/** Shows whether the limiter's store answers. */
export function watchStore(metrics: Metrics, limiter: Limiter): void {
  metrics.watch("gatehouse_limiter_store_up", "1 while the store of the central limiter answers", {}, () =>
    limiter.storeAnswers ? 1 : 0,
  );
}
