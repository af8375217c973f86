import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { User } from "../stack/user.ts";
import type { TestOutputs } from "../support/outputs.ts";
import { eventually } from "../support/wait.ts";

const READS = ["/authentication/whoami", "/products", "/orders?limit=1"];
const READERS = 4;
const BUYERS = 2;
/** Milliseconds between an answer and a client's next request. */
const PAUSE = 50;
const PRODUCT = "filter-paper";

const order = z.object({ id: z.string() });
const page = z.object({ items: z.array(order), nextCursor: z.string().nullable() });

export interface TrafficResult {
  readonly requests: number;
  /** How many failed, by what they were answered. */
  readonly failures: ReadonlyMap<string, number>;
  /** Seconds from the given moment to the last failure; 0 where there was none. */
  readonly recovery: number;
  readonly accepted: number;
  /** What is wrong with the buyers' orders, if anything. */
  readonly broken: readonly string[];
}

interface Buyer {
  readonly user: User;
  /** Ids of the orders that were promised. */
  readonly accepted: string[];
  /** Buys that were not answered so, of which each may have become an order or not. */
  unanswered: number;
}

/** Clients who read and buy until they are told to stop, and whose orders are then counted. */
export class Traffic {
  readonly #buyers: readonly Buyer[];
  readonly #users: readonly User[];
  readonly #failures: { readonly what: string; readonly at: number }[] = [];
  readonly #loops: Promise<void>[];
  #requests = 0;
  #stopped = false;

  private constructor(readers: readonly User[], buyers: readonly User[]) {
    this.#users = [...readers, ...buyers];
    this.#buyers = buyers.map((user) => ({ user, accepted: [], unanswered: 0 }));
    this.#loops = [
      ...readers.map((user, index) => this.#loop((turn) => this.#read(user, turn + index))),
      ...this.#buyers.map((buyer) => this.#loop(() => this.#buy(buyer))),
    ];
  }

  static async start(outputs: TestOutputs): Promise<Traffic> {
    const users: User[] = [];
    for (let count = 0; count < READERS + BUYERS; count++) users.push(await User.signUp(outputs, 2));
    return new Traffic(users.slice(BUYERS), users.slice(0, BUYERS));
  }

  /** Waits until so many seconds have passed without a failure. */
  async calm(seconds: number): Promise<void> {
    const start = Date.now();
    const quiet = () => Date.now() - Math.max(start, this.#failures.at(-1)?.at ?? 0) > seconds * 1000;
    await eventually(`${seconds} s without a failure`, quiet, 120_000);
  }

  /** Stops, and holds what the buyers were answered against the orders that they have. */
  async stop(since: number): Promise<TrafficResult> {
    this.#stopped = true;
    await Promise.all(this.#loops);
    const broken = (await Promise.all(this.#buyers.map(check))).flat();
    await Promise.all(this.#users.map((user) => user.close()));
    const failures = new Map<string, number>();
    for (const { what } of this.#failures) failures.set(what, (failures.get(what) ?? 0) + 1);
    const last = this.#failures.at(-1)?.at;
    return {
      requests: this.#requests,
      failures,
      recovery: last === undefined ? 0 : (last - since) / 1000,
      accepted: this.#buyers.reduce((sum, { accepted }) => sum + accepted.length, 0),
      broken,
    };
  }

  async #loop(step: (turn: number) => Promise<void>): Promise<void> {
    for (let turn = 0; !this.#stopped; turn++) {
      this.#requests += 1;
      await step(turn).catch((error: unknown) => this.#fail(codeOf(error)));
      await sleep(PAUSE);
    }
  }

  async #read(user: User, turn: number): Promise<void> {
    const status = await user.call({ method: "GET", path: READS[turn % READS.length] ?? "" });
    if (status !== 200) this.#fail(String(status));
  }

  async #buy(buyer: Buyer): Promise<void> {
    buyer.unanswered += 1;
    const { status, body } = await buyer.user.ask({ method: "POST", path: `/products/${PRODUCT}/buy` });
    if (status !== 201 && status !== 202) {
      this.#fail(`buy ${status}`);
      return;
    }
    buyer.unanswered -= 1;
    buyer.accepted.push(order.parse(body).id);
  }

  #fail(what: string): void {
    this.#failures.push({ what, at: Date.now() });
  }
}

/** Every buy that was accepted is one order; one that was not answered so may be one, and no other order is there. */
async function check(buyer: Buyer): Promise<string[]> {
  const { user, accepted, unanswered } = buyer;
  const lost = (ids: readonly string[]) => accepted.filter((id) => !ids.includes(id));
  // A buy that was answered with 202 becomes an order some seconds later.
  let ids = await ordersOf(user);
  await eventually("all orders", async () => lost((ids = await ordersOf(user))).length === 0).catch(
    () => undefined,
  );
  const twice = ids.length - new Set(ids).size;
  const unasked = ids.length - accepted.length - unanswered;
  return [
    ...lost(ids).map((id) => `the order ${id} is lost`),
    ...(twice > 0 ? [`${twice} orders are there twice`] : []),
    ...(unasked > 0 ? [`${unasked} orders more than were asked for`] : []),
  ];
}

async function ordersOf(user: User): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const after = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const { body } = await user.ask({ method: "GET", path: `/orders?limit=100${after}` });
    const { items, nextCursor } = page.parse(body);
    ids.push(...items.map(({ id }) => id));
    cursor = nextCursor;
  }
  return ids;
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
