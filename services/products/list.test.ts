import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seededProducts } from "./seed.ts";
import type { TestProducts } from "./testing.ts";
import { testProducts } from "./testing.ts";

interface ProductsPage {
  items: { id: string }[];
  nextCursor: string | null;
}

describe("the list of products", () => {
  let service: TestProducts;
  const get = (path: string) => service.app.request(path);
  const page = async (path: string) => (await (await get(path)).json()) as ProductsPage;

  beforeAll(async () => {
    service = await testProducts();
  });
  afterAll(() => service.drop());

  it("holds the whole seeded catalogue by id, without what is for administrators", async () => {
    const expected = seededProducts
      .filter((product) => !product.admin_only)
      .map(({ admin_only, ...product }) => product)
      .sort((one, other) => (one.id < other.id ? -1 : 1));
    expect(expected).toHaveLength(12);
    expect(await page("/products")).toEqual({ items: expected, nextCursor: null });
  });

  it("for administrators holds what is for them alone", async () => {
    const { items } = await page("/products/admin");
    expect(items.map(({ id }) => id)).toEqual(["golden-portafilter"]);
    expect(items[0]).not.toHaveProperty("admin_only");
  });

  it.each([1, 5, 6, 11, 12, 13])("comes in pages of %i, each product once", async (limit) => {
    const seen: string[] = [];
    let cursor: string | null = "";
    let pages = 0;
    while (cursor !== null) {
      const next: ProductsPage = await page(`/products?limit=${limit}${cursor && `&cursor=${cursor}`}`);
      expect(next.items.length).toBeLessThanOrEqual(limit);
      seen.push(...next.items.map(({ id }) => id));
      cursor = next.nextCursor;
      pages += 1;
    }
    expect(pages).toBe(Math.ceil(12 / limit));
    expect(seen).toEqual((await page("/products")).items.map(({ id }) => id));
  });

  const cursorOf = (key: unknown) =>
    `?cursor=${encodeURIComponent(Buffer.from(JSON.stringify(key)).toString("base64url"))}`;

  it.each([
    "?limit=0",
    "?limit=101",
    "?limit=-1",
    "?limit=1.5",
    "?limit=many",
    "?limit=",
    "?cursor=",
    "?cursor=x",
    `?cursor=${"x".repeat(301)}`,
    cursorOf("moka-pot"),
    cursorOf([]),
    cursorOf(["moka-pot", "tamper"]),
    cursorOf([1]),
  ])("refuses %.60s", async (query) => {
    for (const path of ["/products", "/products/admin"]) {
      const answer = await get(path + query);
      expect([answer.status, await answer.json()]).toEqual([
        400,
        expect.objectContaining({ code: "validation_failed" }),
      ]);
    }
  });

  it("refuses a cursor with a null character, which no database takes", async () => {
    expect((await get(`/products${cursorOf(["a\u0000b"])}`)).status).toBe(400);
  });

  it("starts after a cursor whose product is gone", async () => {
    const { items } = await page(`/products${cursorOf(["milk-jug-2"])}`);
    expect(items[0]?.id).toBe("moka-pot");
  });
});
