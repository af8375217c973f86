import { describe, expect, it } from "vitest";
import type { Catalog } from "../shared/catalog.ts";
import { internal } from "../shared/catalog.ts";
import type { Document } from "./documents.ts";
import { gather, operationId } from "./gather.ts";

const catalog: Catalog = {
  shop: {
    routes: {
      "GET /shop": "public",
      "POST /shop/{id}/buy": "user",
      "GET /shop/secret": "admin",
      "POST /internal/shop": internal("depot"),
    },
  },
  depot: { routes: { "GET /depot": "user" } },
  vault: { routes: { "POST /internal/vault": internal("shop") } },
};

const answering = (schema: string) => ({
  summary: "Does it",
  responses: {
    200: {
      description: "Done",
      content: { "application/json": { schema: { $ref: `#/components/schemas/${schema}` } } },
    },
    400: { description: "Refused", content: { x: { schema: { $ref: "#/components/schemas/Problem" } } } },
  },
});
const problem = { type: "object", properties: { code: { type: "string" } } };
const shop: Document = {
  openapi: "3.1.0",
  paths: {
    "/shop": { get: answering("Item") },
    "/shop/{id}/buy": { post: { ...answering("Item"), responses: { 429: { description: "Slow down" } } } },
    "/shop/secret": { get: answering("Basket") },
    "/internal/shop": { post: answering("Hidden") },
    "/shop/unlisted": { get: answering("Item") },
  },
  components: {
    schemas: {
      Item: { type: "string" },
      Basket: { type: "array", items: { $ref: "#/components/schemas/Item" } },
      Hidden: { type: "null" },
      Problem: problem,
    },
  },
};
const depot: Document = {
  paths: { "/depot": { get: answering("Item") } },
  components: { schemas: { Item: { type: "integer" }, Problem: problem } },
};
const vault: Document = { paths: { "/internal/vault": { post: answering("Item") } }, components: {} };

const gathered = gather(catalog, { shop, depot, vault });

describe("the gathered document", () => {
  it("has the routes that the gateway exposes, and no other", () => {
    const routes = Object.entries(gathered.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    );
    expect(routes.sort()).toEqual(["get /depot", "get /shop", "get /shop/secret", "post /shop/{id}/buy"]);
  });

  it("says who may call what", () => {
    const anyone: unknown[] = [];
    const signedIn = [{ cookie: [] }, { bearer: [] }];
    expect(gathered.paths["/shop"]?.["get"]).toMatchObject({ security: anyone, tags: ["shop"] });
    expect(gathered.paths["/depot"]?.["get"]).toMatchObject({ security: signedIn, tags: ["depot"] });
    expect(gathered.paths["/depot"]?.["get"]).not.toHaveProperty("x-role");
    expect(gathered.paths["/shop/secret"]?.["get"]).toMatchObject({ security: signedIn, "x-role": "admin" });
  });

  it("adds the gateway's 429 where the service has none of its own", () => {
    expect(gathered.paths["/shop"]?.["get"]?.responses["429"]).toHaveProperty("headers.Retry-After");
    expect(gathered.paths["/shop/{id}/buy"]?.["post"]?.responses["429"]).toEqual({
      description: "Slow down",
    });
  });

  it("keeps a name that means the same everywhere, and tells apart what does not", () => {
    expect(gathered.components.schemas).toEqual({
      ShopItem: { type: "string" },
      DepotItem: { type: "integer" },
      Basket: { type: "array", items: { $ref: "#/components/schemas/ShopItem" } },
      Problem: problem,
    });
    expect(JSON.stringify(gathered.paths["/depot"])).toContain("#/components/schemas/DepotItem");
  });

  it("leaves nothing that is referred to undefined", () => {
    const referred = [...JSON.stringify(gathered).matchAll(/#\/components\/schemas\/(\w+)/g)];
    expect(referred.length).toBeGreaterThan(0);
    for (const [, name = ""] of referred) expect(gathered.components.schemas).toHaveProperty(name);
  });
});

it.each([
  ["GET", "/products", "getProducts"],
  ["POST", "/products/{id}/buy", "postProductsIdBuy"],
  ["GET", "/docs/swagger-ui.css", "getDocsSwaggerUiCss"],
] as const)("%s %s is the function %s in a generated client", (method, path, name) => {
  expect(operationId({ method, path })).toBe(name);
});
