import { setTimeout as sleep } from "node:timers/promises";
import { expectJson, signUp } from "../support/client.ts";
import type { TestOutputs } from "../support/outputs.ts";
import { seededProducts } from "../../services/products/seed.ts";

/** Users who buy without a pause until stopped. */
export interface Buyers {
  /** The product that they buy, as the platform opened with it. */
  readonly product: { readonly id: string; readonly stock: number };
  /** Ids of the orders that have been confirmed so far. */
  readonly orders: () => readonly string[];
  /** Milliseconds that the longest purchase since the last call took. */
  readonly longest: () => number;
  stop(): Promise<void>;
}

/** Starts users who each buy slowly enough never to meet the gateway's limit. */
export async function startBuyers(outputs: TestOutputs, count: number): Promise<Buyers> {
  const product = seededProducts.reduce((most, other) => (other.stock > most.stock ? other : most));
  const users = [];
  for (let index = 0; index < count; index++) users.push(await signUp(outputs));
  const orders: string[] = [];
  let longest = 0;
  let stopped = false;
  const loops = users.map(async ({ client }) => {
    while (!stopped) {
      const start = performance.now();
      const answer = await client.post(`/products/${product.id}/buy`);
      longest = Math.max(longest, performance.now() - start);
      orders.push(expectJson<{ id: string }>(answer, answer.status === 202 ? 202 : 201).id);
      await sleep(300);
    }
  });
  return {
    product,
    orders: () => orders,
    longest() {
      const took = longest;
      longest = 0;
      return took;
    },
    async stop() {
      stopped = true;
      await Promise.all(loops);
    },
  };
}
