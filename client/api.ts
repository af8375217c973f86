import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Account } from "./account.ts";
import type { Order, Product, User } from "./answers.ts";
import { drillSchema, orderSchema, pageSchema, productSchema, userSchema } from "./answers.ts";
import { ClientError, NetworkError } from "./errors.ts";
import type { Answer, Gateway } from "./gateway.ts";
import { refusal } from "./refusal.ts";

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface Purchase {
  readonly order: Order;
  /** The stock is reserved, but the order is not in the user's list yet. */
  readonly delayed: boolean;
}

/** The platform's HTTP API as functions. Each throws a ClientError where it is refused. */
export interface Api {
  registration(credentials: Credentials): Promise<User>;
  login(credentials: Credentials): Promise<User>;
  whoami(): Promise<User>;
  products(): Promise<Product[]>;
  buy(productId: string, quantity: number): Promise<Purchase>;
  orders(): Promise<Order[]>;
  logout(): Promise<void>;
  admin(): Promise<Product[]>;
  fail(service: string): Promise<z.infer<typeof drillSchema>>;
}

const PAGE_SIZE = "100";

export function createApi(gateway: Gateway, account: Account): Api {
  return {
    registration: async (body) =>
      read(await gateway.send({ method: "POST", path: "/authentication/registration", body }), userSchema),
    login: async (body) =>
      read(await account.signIn({ method: "POST", path: "/authentication/login", body }), userSchema),
    whoami: async () => read(await get("/authentication/whoami"), userSchema),
    products: () => list("/products", productSchema),
    buy,
    orders: () => list("/orders", orderSchema),
    logout: async () => {
      succeed(await account.send({ method: "POST", path: "/authentication/logout" }));
      await account.signOut();
    },
    admin: () => list("/products/admin", productSchema),
    fail: async (service) => read(await get(`/${encodeURIComponent(service)}/fail`), drillSchema),
  };

  function get(path: string, query: Record<string, string> = {}): Promise<Answer> {
    return account.send({ method: "GET", path, query, repeatable: true });
  }

  async function list<S extends z.ZodType>(path: string, item: S): Promise<z.infer<S>[]> {
    const page = pageSchema(item);
    const items: z.infer<S>[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const query: Record<string, string> = cursor === "" ? {} : { cursor };
      const next: z.infer<typeof page> = read(await get(path, { limit: PAGE_SIZE, ...query }), page);
      if (next.nextCursor === cursor) throw new ClientError("The platform's list does not end.");
      items.push(...next.items);
      cursor = next.nextCursor;
    }
    return items;
  }

  async function buy(productId: string, quantity: number): Promise<Purchase> {
    const answer = await account
      .send({
        method: "POST",
        path: `/products/${encodeURIComponent(productId)}/buy`,
        body: { quantity },
        headers: { "idempotency-key": randomUUID() },
        repeatable: true,
      })
      .catch((error: unknown) => {
        throw error instanceof NetworkError && error.mayHaveArrived ? maybeBought(error) : error;
      });
    const { status, repeated } = answer;
    // A refusal of the second attempt by the gateway says nothing about the first.
    if (status >= 500 || (repeated && [401, 429].includes(status))) throw maybeBought(refusal(answer));
    return { order: read(answer, orderSchema), delayed: status === 202 };
  }
}

/** Where no answer came, nobody knows on which side of the purchase the connection broke. */
function maybeBought(error: ClientError): ClientError {
  const warning = "It may have been bought all the same: look at `orders` before you buy again.";
  const hint = error.hint === undefined ? warning : `${error.hint}\n${warning}`;
  return new ClientError(error.message, { hint, cause: error });
}

function succeed(answer: Answer): void {
  if (answer.status < 200 || answer.status > 299) throw refusal(answer);
}

function read<S extends z.ZodType>(answer: Answer, schema: S): z.infer<S> {
  succeed(answer);
  try {
    return schema.parse(JSON.parse(answer.body));
  } catch (cause) {
    throw new ClientError("The platform's answer is not of the documented form.", {
      hint: "Use the client of the platform's own version.",
      cause,
    });
  }
}
