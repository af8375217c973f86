import { describe, expect, it } from "vitest";
import type { TestClient } from "../support/client.ts";
import { signUp } from "../support/client.ts";

const json = { "content-type": "application/json" };
const deep = (levels: number) => "[".repeat(levels) + "]".repeat(levels);

/** What no route that takes a body may accept: the body, its headers and the status that it gets. */
const badBodies: [string, string | Uint8Array, Record<string, string>, number][] = [
  ["a form", "username=alice", { "content-type": "application/x-www-form-urlencoded" }, 415],
  ["XML", "<a/>", { "content-type": "text/xml" }, 415],
  ["no type at all", '{"quantity": 1}', { "content-type": "" }, 415],
  ["a compressed body", Buffer.from("1f8b0800", "hex"), { ...json, "content-encoding": "gzip" }, 415],
  ["half an object", '{"username": "alice"', json, 400],
  ["a trailing comma", '{"quantity": 1,}', json, 400],
  ["not UTF-8", Buffer.from([0x22, 0xff, 0x22]), json, 400],
  ["deep JSON", deep(5_000), json, 400],
  ["deeper JSON", deep(30_000), json, 400],
  ["an array", "[]", json, 400],
  ["null", "null", json, 400],
  ["a number", "1e999", json, 400],
  ["an unknown field", '{"surprise": true}', json, 400],
  ["a prototype", '{"__proto__": {"quantity": 1}}', json, 400],
];

const routes = [
  "/authentication/registration",
  "/authentication/login",
  "/authentication/refresh",
  "/products/moka-pot/buy",
];

describe.each(routes)("POST %s", (route) => {
  it.each(badBodies)("refuses %s", async (_what, body, headers, status) => {
    const { client } = await signUp();
    const answer = await client.send("POST", route, { headers, body });
    expect(answer.status).toBe(status);
    expect(answer.headers["content-type"]).toBe("application/problem+json");
    expect(answer.json).toMatchObject({ status, code: expect.stringMatching(/^[a-z_]+$/) as string });
  });
});

describe("buying", () => {
  it.each([0, -1, 1.5, "1", null, 1001, 1e300])("refuses the quantity %s", async (quantity) => {
    const { client } = await signUp();
    expect((await client.post("/products/moka-pot/buy", { quantity })).status).toBe(400);
  });

  it.each(["nothing-like-it", "%27%20or%201%3D1", "..", "moka-pot%20", "x".repeat(500)])(
    "answers 404 for the product %s",
    async (id) => {
      const { client } = await signUp();
      expect((await client.post(`/products/${id}/buy`)).status).toBe(404);
    },
  );
});

describe("lists", () => {
  it.each([
    "limit=0",
    "limit=101",
    "limit=x",
    "limit=1.5",
    "cursor=x",
    "cursor=WyIxIl0",
    "cursor=bnVsbA",
    "limit=",
  ])("refuse ?%s", async (query) => {
    const { client } = await signUp();
    expect((await client.get(`/orders?${query}`)).status).toBe(400);
  });

  it("give every product once, page by page", async () => {
    const { client } = await signUp();
    const whole = await ids(client, "?limit=100");
    const paged: string[] = [];
    for (let query = "?limit=5"; query !== "";) {
      const { json: page } = await client.get(`/products${query}`);
      const { items, nextCursor } = page as { items: { id: string }[]; nextCursor: string | null };
      paged.push(...items.map(({ id }) => id));
      query = nextCursor === null ? "" : `?limit=5&cursor=${nextCursor}`;
    }
    expect(paged).toEqual(whole.items);
    expect(whole.nextCursor).toBeNull();
  });
});

async function ids(
  client: TestClient,
  query: string,
): Promise<{ items: string[]; nextCursor: string | null }> {
  const { json: page } = await client.get(`/products${query}`);
  const { items, nextCursor } = page as { items: { id: string }[]; nextCursor: string | null };
  return { items: items.map(({ id }) => id), nextCursor };
}
