import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { seededProducts } from "../../services/products/seed.ts";
import type { Answer, SignedIn } from "../support/client.ts";
import { queryAsAdministrator } from "../support/database.ts";
import { eventually } from "../support/wait.ts";

/** Milliseconds between an answer and a buyer's next buy. */
const PAUSE = 20;

/** Whether a request was refused for now, with the time after which it is worth another try. */
export const isRefusal = ({ status, headers }: Answer) =>
  status === 503 && Number(headers["retry-after"]) >= 1;

/** Users who buy one product, each one buy after the other, until they are stopped. */
export class Buyers {
  /** Ids of the orders that were promised with 201 or 202. */
  readonly accepted: string[] = [];
  /** How many buys were answered otherwise, by status; 0 for those that got no answer. */
  readonly others = new Map<number, number>();
  /** What was answered that is neither a promise nor a refusal that says when to come back. */
  readonly unexpected: Answer[] = [];
  readonly #product: string;
  readonly #loops: Promise<void>[];
  #stopped = false;

  constructor(users: readonly SignedIn[], product: string) {
    this.#product = product;
    this.#loops = users.map((user) => this.#buy(user));
  }

  /** How many buys were refused with 503. */
  get refused(): number {
    return this.others.get(503) ?? 0;
  }

  /** Resolves once every buy that was begun is answered. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }

  /**
   * Each buy that was promised is exactly one order, none is without a purchase, and the stock is less just that.
   * @returns how many orders of the product there are
   */
  async expectEachOneOrder(state: string): Promise<number> {
    const { orders, purchases, taken } = await eventually("all orders", async () => {
      const books = await booksOf(this.#product, state);
      return books.undelivered === 0 ? books : undefined;
    });
    expect(new Set(orders).size).toBe(orders.length);
    expect(orders).toEqual(purchases);
    expect(orders).toEqual(expect.arrayContaining(this.accepted));
    expect(taken).toBe(orders.length);
    return orders.length;
  }

  async #buy({ client }: SignedIn): Promise<void> {
    while (!this.#stopped) {
      const answer = await client.post(`/products/${this.#product}/buy`).catch(() => undefined);
      if (answer?.status === 201 || answer?.status === 202)
        this.accepted.push((answer.json as { id: string }).id);
      else {
        const status = answer?.status ?? 0;
        this.others.set(status, (this.others.get(status) ?? 0) + 1);
        if (answer !== undefined && !isRefusal(answer)) this.unexpected.push(answer);
      }
      await sleep(PAUSE);
    }
  }
}

async function booksOf(product: string, state: string) {
  const rows = <R extends object>(database: string, sql: string) =>
    queryAsAdministrator<R>(database, sql, [product], state);
  const ids = (found: { id: string }[]) => found.map(({ id }) => id).sort();
  const purchases = await rows<{ id: string; delivered_at: Date | null }>(
    "products",
    "select id, delivered_at from purchases where product_id = $1",
  );
  const [left] = await rows<{ stock: number }>("products", "select stock from products where id = $1");
  return {
    purchases: ids(purchases),
    undelivered: purchases.filter((purchase) => purchase.delivered_at === null).length,
    orders: ids(await rows("orders", "select id from orders where product_id = $1")),
    taken: (seededProducts.find(({ id }) => id === product)?.stock ?? 0) - (left?.stock ?? 0),
  };
}
