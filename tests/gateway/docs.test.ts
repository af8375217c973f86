import { describe, expect, it } from "vitest";
import { catalog } from "../../services/catalog.ts";
import { allRoutes } from "../../services/shared/catalog.ts";
import { expectJson, TestClient } from "../support/client.ts";

interface Document {
  openapi: string;
  paths: Record<string, Record<string, { security: unknown[] }>>;
}

describe("/openapi.json", () => {
  it("describes every exposed route of the other services, and nothing else", async () => {
    const document = expectJson<Document>(await new TestClient().get("/openapi.json"), 200);
    const described = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(
        ([method, { security }]) => `${method} ${path}: ${security.length === 0 ? "public" : "signed in"}`,
      ),
    );
    const expected = allRoutes(catalog, { drills: false })
      .filter(({ access, service, path }) => access !== "internal" && path !== `/${service}/openapi.json`)
      .filter(({ service }) => service !== "docs")
      .map(
        ({ method, path, access }) =>
          `${method.toLowerCase()} ${path}: ${access === "public" ? "public" : "signed in"}`,
      );
    expect(described.sort()).toEqual(expected.sort());
  });
});

describe("/docs", () => {
  it("is a page whose parts all come from the gateway, and are compressed", async () => {
    const client = new TestClient();
    const page = await client.get("/docs");
    expect(page.status).toBe(200);
    expect(page.headers["content-type"]).toMatch(/^text\/html/);
    expect(page.headers["content-security-policy"]).toContain("script-src 'self'");
    const parts = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)]
      .map(([, part = ""]) => part)
      .filter((part) => part !== "data:,");
    expect(parts).toContain("/docs/swagger-ui-bundle.js");
    for (const part of parts) {
      expect(part).toMatch(/^\/[a-z]/);
      const { status, headers } = await client.get(part, { headers: { "accept-encoding": "gzip" } });
      expect([part, status]).toEqual([part, 200]);
      if (part.endsWith("bundle.js")) expect(headers["content-encoding"]).toBe("gzip");
    }
  });

  it("answers 304 where the client has the file already", async () => {
    const client = new TestClient();
    const { headers } = await client.get("/docs/swagger-ui.css");
    const again = await client.get("/docs/swagger-ui.css", {
      headers: { "if-none-match": String(headers["etag"]) },
    });
    expect(again.status).toBe(304);
  });
});
