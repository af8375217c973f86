import type { Kysely } from "kysely";
import type { Metrics } from "../shared/metrics.ts";
import { Problem } from "../shared/problem.ts";
import type { ProductsDatabase } from "./database.ts";
import { countUndelivered } from "./purchases.ts";

/** How a purchase ended: with its order, with an order that follows, with the order of an earlier request, or refused. */
const OUTCOMES = [
  "created",
  "delayed",
  "repeated",
  "sold_out",
  "not_found",
  "idempotency_key_reused",
] as const;
export type PurchaseOutcome = (typeof OUTCOMES)[number];

export interface PurchaseMetrics {
  /** Counts a purchase that was made. */
  count(outcome: PurchaseOutcome): void;
  /** Runs what makes a purchase, and counts it where it is refused. */
  countRefusals<R>(run: () => Promise<R>): Promise<R>;
}

export function purchaseMetrics(metrics: Metrics, db: Kysely<ProductsDatabase>): PurchaseMetrics {
  const purchases = metrics.counter(
    "gatehouse_purchases_total",
    "Purchases asked for, by how they ended",
    ["outcome"],
    OUTCOMES.map((outcome) => ({ outcome })),
  );
  metrics.watch(
    "gatehouse_undelivered_purchases",
    "Purchases whose order is not known to exist, in the database that all replicas share",
    {},
    () => countUndelivered(db),
  );
  const count = (outcome: PurchaseOutcome) => purchases.inc({ outcome });
  return {
    count,
    async countRefusals(run) {
      try {
        return await run();
      } catch (error) {
        const outcome = OUTCOMES.find((one) => error instanceof Problem && error.code === one);
        if (outcome !== undefined) count(outcome);
        throw error;
      }
    },
  };
}
