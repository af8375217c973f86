import { expect, it } from "vitest";
import { expectJson, signInAsAdmin, signUp } from "../support/client.ts";

interface Product {
  id: string;
  price: number;
  currency: string;
  stock: number;
}

it("leads from registration to an order and out again", async () => {
  const { client, id, username } = await signUp();
  expect(expectJson(await client.get("/authentication/whoami"), 200)).toEqual({ id, username });

  const { items } = expectJson<{ items: Product[] }>(await client.get("/products"), 200);
  const product = items.find(({ stock }) => stock > 2);
  if (product === undefined) throw new Error("nothing is left to buy");

  const bought = expectJson(await client.post(`/products/${product.id}/buy`, { quantity: 2 }), 201);
  expect(bought).toMatchObject({
    productId: product.id,
    quantity: 2,
    unitPrice: product.price,
    currency: product.currency,
  });
  expect(expectJson(await client.get("/orders"), 200)).toEqual({ items: [bought], nextCursor: null });

  expect((await client.post("/authentication/logout")).status).toBe(204);
  expect((await client.get("/authentication/whoami")).status).toBe(401);
});

it("shows administrators what nobody else sees", async () => {
  const admin = await signInAsAdmin();
  const { items } = expectJson<{ items: Product[] }>(await admin.get("/products/admin"), 200);
  expect(items.map(({ id }) => id)).toContain("golden-portafilter");

  const { client } = await signUp();
  expect([401, 403]).toContain((await client.get("/products/admin")).status);
  const everyones = expectJson<{ items: Product[] }>(await client.get("/products?limit=100"), 200);
  expect(everyones.items.map(({ id }) => id)).not.toContain("golden-portafilter");
});
