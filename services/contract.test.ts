import type { OpenAPIHono } from "@hono/zod-openapi";
import { describe, expect, it } from "vitest";
import { catalog } from "./catalog.ts";
import type { AppDependencies } from "./shared/app.ts";
import { serviceRoutes } from "./shared/catalog.ts";
import { Health } from "./shared/health.ts";
import { createLogger } from "./shared/logging.ts";
import { Metrics } from "./shared/metrics.ts";

type Service = keyof typeof catalog;
type CreateApp = (dependencies: AppDependencies) => OpenAPIHono;

/**
 * Each service's `createApp`, found by the service's name, so that a new service is checked without a line here.
 * What services need besides (a database, say) is left out: no test here comes so far as to use it.
 */
const loaded = Object.keys(catalog).map(async (service) => {
  const { createApp } = (await import(`./${service}/app.ts`)) as { createApp: CreateApp };
  return [service, createApp] as const;
});
const create = Object.fromEntries(await Promise.all(loaded)) as Record<Service, CreateApp>;

const appOf = (service: Service, drills: boolean, caller: string | undefined = "gateway") =>
  create[service]({
    logger: createLogger(service, "silent"),
    metrics: new Metrics(service),
    health: new Health(),
    drills,
    callerOf: () => caller,
  });

interface Operation {
  summary?: string;
  responses: Record<string, { description: string; content?: Record<string, unknown> }>;
}
interface Document {
  openapi: string;
  info: { title: string };
  paths: Record<string, Record<string, Operation>>;
}
const documentOf = async (service: Service, drills = false) =>
  (await (await appOf(service, drills).request(`/${service}/openapi.json`)).json()) as Document;

interface Schema {
  pattern?: string;
  example?: unknown;
}
/** Everything in a document that may be a schema. */
function schemasIn(value: unknown): Schema[] {
  if (typeof value !== "object" || value === null) return [];
  return [value, ...Object.values(value).flatMap(schemasIn)];
}

describe.each(Object.keys(catalog) as Service[])("the %s service", (service) => {
  const routesOf = (drills: boolean) =>
    serviceRoutes(catalog, service, { drills }).map(({ method, path }) => `${method} ${path}`);

  it.each([true, false])("serves the catalog's routes and health, and no other (drills: %s)", (drills) => {
    const served = appOf(service, drills)
      .routes.filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
    expect([...new Set(served)].sort()).toEqual(
      [...routesOf(drills), "GET /health", "GET /health/ready"].sort(),
    );
  });

  it("documents the catalog's routes and no other", async () => {
    const { paths } = await documentOf(service);
    const documented = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const expected = routesOf(false).filter(
      (route) => ![`GET /${service}/openapi.json`, "GET /metrics"].includes(route),
    );
    expect(documented.sort()).toEqual(expected.sort());
  });

  it("documents what each route does, its success and its refusals as problems", async () => {
    const document = await documentOf(service);
    expect(document.openapi).toBe("3.1.0");
    expect(document.info.title).toBe(service);
    for (const operations of Object.values(document.paths)) {
      for (const { summary, responses } of Object.values(operations)) {
        expect(summary).toMatch(/\w/);
        const statuses = Object.keys(responses);
        expect(statuses.some((status) => status.startsWith("2"))).toBe(true);
        expect(statuses).toEqual(expect.arrayContaining(["500", "503"]));
        for (const status of statuses.filter((one) => one >= "400")) {
          expect(Object.keys(responses[status]?.content ?? {})).toEqual(["application/problem+json"]);
        }
      }
    }
  });

  it("documents patterns that fit their own example, as a client reads them", async () => {
    for (const { pattern, example } of schemasIn(await documentOf(service))) {
      if (pattern === undefined) continue;
      expect(example).toEqual(expect.any(String));
      expect(example).toMatch(new RegExp(pattern, "u"));
    }
  });

  it("answers nobody without a certificate but on its health", async () => {
    const app = create[service]({
      logger: createLogger(service, "silent"),
      metrics: new Metrics(service),
      health: new Health(),
      drills: true,
      callerOf: () => undefined,
    });
    for (const { method, path } of serviceRoutes(catalog, service, { drills: true })) {
      expect([path, (await app.request(path, { method })).status]).toEqual([path, 403]);
    }
    expect((await app.request("/health")).status).toBe(200);
    expect((await app.request("/health/ready")).status).toBe(200);
  });

  it("answers on each route only those whom the catalog lists", async () => {
    const stranger = appOf(service, true, "stranger");
    for (const { method, path, callers } of serviceRoutes(catalog, service, { drills: true })) {
      expect([path, (await stranger.request(path, { method })).status]).toEqual([path, 403]);
      if (!callers.includes("gateway")) {
        expect((await appOf(service, true).request(path, { method })).status).toBe(403);
      }
    }
  });

  it("breaks on the drill, where drills are on, and has none where they are off", async () => {
    const app = appOf(service, true);
    expect((await app.request("/health")).status).toBe(200);
    expect((await app.request(`/${service}/fail`)).status).toBe(200);
    expect((await app.request("/health")).status).toBe(500);
    expect((await app.request("/health/ready")).status).toBe(503);

    const off = appOf(service, false);
    expect((await off.request(`/${service}/fail`)).status).toBe(404);
    expect((await off.request("/health")).status).toBe(200);
  });
});
