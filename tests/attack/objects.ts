import { randomBytes, randomUUID } from "node:crypto";
import type { SignedIn } from "../support/client.ts";
import type { Attack } from "./attack.ts";
import { each, hold, holdStatuses } from "./attack.ts";

interface Order {
  readonly id: string;
  readonly quantity: number;
}
const ordersOf = async ({ client }: SignedIn) => {
  const { status, json } = await client.get("/orders?limit=100");
  hold(status === 200, `the orders answer ${status}`);
  return (json as { items: Order[] }).items;
};
const buy = ({ client }: SignedIn, key: string, quantity = 1) =>
  client.post("/products/filter-paper/buy", { quantity }, { headers: { "idempotency-key": key } });

/** Fields that a user might add to a body to become or to get more. */
const surprises: Record<string, unknown> = {
  role: "admin",
  roles: ["admin"],
  isAdmin: true,
  admin: true,
  id: "00000000-0000-4000-8000-000000000001",
  userId: "00000000-0000-4000-8000-000000000001",
  user_id: "00000000-0000-4000-8000-000000000001",
  unitPrice: 0,
  price: 0,
  currency: "XXX",
  password_hash: "x",
  created_at: "2000-01-01T00:00:00Z",
  constructor: { prototype: { role: "admin" } },
};

export const objects: readonly Attack[] = [
  {
    family: "objects",
    threat: "nobody sees another's order, by list, page or cursor",
    quick: true,
    async run(target) {
      const [alice, bob] = await Promise.all([target.signUp(), target.signUp()]);
      for (const key of ["a", "b", "c"]) await buy(alice, key);
      const mine = (await ordersOf(alice)).map(({ id }) => id);
      hold(mine.length === 3, `the owner sees ${mine.length} of 3 orders`);
      const page = await alice.client.get("/orders?limit=1");
      const { nextCursor } = page.json as { nextCursor: string };
      const tried = [
        "",
        "?limit=100",
        `?cursor=${nextCursor}`,
        `?userId=${alice.id}`,
        `?user_id=${alice.id}`,
        `?limit=100&cursor=${nextCursor}`,
      ];
      const answers = await each(tried, (query) => bob.client.get(`/orders${query}`));
      for (const { text } of answers)
        hold(!mine.some((id) => text.includes(id)), "another's order is in the answer");
      return `0 of 3 orders in ${tried.length} answers to another user`;
    },
  },
  {
    family: "objects",
    threat:
      "an idempotency key is its user's own: another's key gives no order of theirs and stops no purchase",
    quick: true,
    async run(target) {
      const [alice, bob] = await Promise.all([target.signUp(), target.signUp()]);
      const key = randomUUID();
      const first = await buy(alice, key);
      const second = await buy(bob, key);
      const other = await buy(bob, key, 2);
      hold(first.status === 201 && second.status === 201, `buying answers ${first.status}, ${second.status}`);
      hold(other.status === 422, `the key for another purchase answers ${other.status}`);
      const ids = [first, second].map(({ json }) => (json as Order).id);
      hold(ids[0] !== ids[1], "two users got one order");
      const counts = [(await ordersOf(alice)).length, (await ordersOf(bob)).length];
      hold(
        counts.every((count) => count === 1),
        `orders: ${counts.join(" and ")}`,
      );
      return "1 order each for one key of two users";
    },
  },
  {
    family: "objects",
    threat: "a user's logout ends no session of another, nor another of the own",
    quick: true,
    async run(target) {
      const [alice, bob] = await Promise.all([target.signUp(), target.signUp()]);
      const { username, password } = alice;
      const second = target.client();
      await second.post("/authentication/login", { username, password });
      await alice.client.post("/authentication/logout");
      const outcomes = await each([bob.client, second], async (client) => ({
        what: "another session",
        status: (await client.get("/authentication/whoami")).status,
      }));
      return holdStatuses(outcomes, [200]);
    },
  },
  {
    family: "objects",
    threat:
      "a body's fields beyond the documented ones are refused, and nobody gets a role, an id or a price by them",
    quick: true,
    async run(target) {
      const alice = await target.signUp();
      const outcomes = await each(Object.entries(surprises), async ([field, value]) => {
        const credentials = {
          username: `user-${randomBytes(6).toString("hex")}`,
          password: "correct horse battery",
        };
        const bodies: [string, object][] = [
          ["/authentication/registration", credentials],
          ["/authentication/login", credentials],
          ["/authentication/refresh", {}],
          ["/products/moka-pot/buy", { quantity: 1 }],
        ];
        return each(bodies, async ([path, body]) => {
          const { status } = await alice.client.post(path, { ...body, [field]: value });
          return { what: `${path} with ${field}`, status };
        });
      });
      hold((await ordersOf(alice)).length === 0, "something was bought");
      return holdStatuses(outcomes.flat(), [400]);
    },
  },
  {
    family: "objects",
    threat: "the product for administrators is neither seen nor bought by others",
    quick: true,
    async run(target) {
      const alice = await target.signUp();
      const { text } = await alice.client.get("/products?limit=100");
      hold(!text.includes("golden-portafilter"), "the list shows it");
      const outcomes = await each(
        ["golden-portafilter", "Golden-Portafilter", "golden-portafilter%20"],
        async (id) => ({
          what: `buy ${id}`,
          status: (await alice.client.post(`/products/${id}/buy`)).status,
        }),
      );
      return holdStatuses(outcomes, [404]);
    },
  },
];
