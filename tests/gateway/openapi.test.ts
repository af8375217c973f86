import { describe, expect, it } from "vitest";
import { catalog } from "../../services/catalog.ts";
import { serviceRoutes } from "../../services/shared/catalog.ts";
import { expectJson, TestClient } from "../support/client.ts";

const documents = Object.keys(catalog).flatMap((service) =>
  serviceRoutes(catalog, service, { drills: false })
    .filter(({ path, access }) => path === `/${service}/openapi.json` && access === "public")
    .map(({ path }) => [service, path] as const),
);

describe.each(documents)("the OpenAPI document of %s", (service, path) => {
  it("describes every route that the gateway exposes", async () => {
    const document = expectJson<{ openapi: string; paths: Record<string, Record<string, unknown>> }>(
      await new TestClient().get(path),
      200,
    );
    expect(document.openapi).toMatch(/^3\.1/);
    for (const route of serviceRoutes(catalog, service, { drills: false })) {
      if (route.access === "internal" || route.path === path) continue;
      expect(document.paths[route.path]).toHaveProperty(route.method.toLowerCase());
    }
  });
});
