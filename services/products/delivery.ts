import { setTimeout as sleep } from "node:timers/promises";
import type { Kysely } from "kysely";
import type { InternalClient } from "../shared/internal-client.ts";
import type { Logger } from "../shared/logging.ts";
import type { ProductsDatabase } from "./database.ts";
import type { Purchase } from "./purchases.ts";
import { findUndelivered, markDelivered } from "./purchases.ts";

/** Milliseconds between two looks for purchases that were left without an order. */
const RECOVERY_INTERVAL = 1_000;
/** Milliseconds that a purchase is left to the request that made it. */
const RECOVERY_AGE = 4_000;
const RECOVERY_BATCH = 50;

/** Sees to it that every purchase becomes exactly one order. */
export interface Delivery {
  /**
   * Has the orders service add the order of a purchase, which may be repeated: the order's id is the purchase's.
   * @throws Error where that is not known to have happened; recovery will try again
   */
  deliver(purchase: Purchase): Promise<void>;
  /** Delivers purchases that a crash or a failure left behind, until stopped. */
  startRecovery(): { stop(): Promise<void> };
}

export function createDelivery(
  db: Kysely<ProductsDatabase>,
  orders: Pick<InternalClient, "post">,
  logger: Logger,
): Delivery {
  async function deliver(purchase: Purchase): Promise<void> {
    if (purchase.deliveredAt !== null) return;
    const { deliveredAt, ...order } = purchase;
    const answer = await orders.post("/microservice/orders/add", order);
    if (answer.status !== 200 && answer.status !== 201) {
      throw new Error(`orders answered ${answer.status} to the order ${purchase.id}`);
    }
    await markDelivered(db, purchase.id);
  }

  async function recover(stopped: AbortSignal): Promise<void> {
    const before = new Date(Date.now() - RECOVERY_AGE);
    for (const purchase of await findUndelivered(db, { before, limit: RECOVERY_BATCH })) {
      if (stopped.aborted) return;
      try {
        await deliver(purchase);
        logger.info({ orderId: purchase.id }, "recovered a purchase without an order");
      } catch (error) {
        // The others go on: one order that is refused must not hold them up.
        logger.warn({ err: error, orderId: purchase.id }, "recovery will try this purchase again");
      }
    }
  }

  function startRecovery() {
    const stopped = new AbortController();
    const running = (async () => {
      while (!stopped.signal.aborted) {
        await recover(stopped.signal).catch((error: unknown) =>
          logger.warn({ err: error }, "recovery will try again"),
        );
        await pause(RECOVERY_INTERVAL, stopped.signal);
      }
    })();
    return {
      stop: () => {
        stopped.abort();
        return running;
      },
    };
  }

  return { deliver, startRecovery };
}

/** Resolves after some milliseconds, or at once when aborted. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}
