import type { OpenAPIHono } from "@hono/zod-openapi";
import { createRoute, z } from "@hono/zod-openapi";
import { compress } from "hono/compress";
import { etag } from "hono/etag";
import { catalog } from "../catalog.ts";
import type { AppDependencies } from "../shared/app.ts";
import { createServiceApp } from "../shared/app.ts";
import { problemResponses } from "../shared/problem.ts";
import type { Documents } from "./documents.ts";
import type { GatheredDocument } from "./gather.ts";
import { gather } from "./gather.ts";
import { page, startScript } from "./page.ts";

/** The text of Swagger UI's own files. */
export interface SwaggerUi {
  readonly css: string;
  readonly bundle: string;
}

export interface DocsDependencies extends AppDependencies {
  readonly documents: Documents;
  readonly swaggerUi: SwaggerUi;
}

/** The OpenAPI documents of all services as one, and a page to read and try it. */
export function createApp(dependencies: DocsDependencies): OpenAPIHono {
  const { documents, swaggerUi } = dependencies;
  const app = createServiceApp("docs", dependencies);
  app.use(compress(), etag());

  app.openapi(openapi, async (c) => c.json(gather(catalog, await documents.read()), 200));
  app.openapi(html, (c) => c.html(page));
  app.openapi(start, (c) => c.body(startScript, 200, { "content-type": JAVASCRIPT }));
  app.openapi(css, (c) => c.body(swaggerUi.css, 200, { "content-type": CSS, ...cached }));
  app.openapi(bundle, (c) => c.body(swaggerUi.bundle, 200, { "content-type": JAVASCRIPT, ...cached }));

  return app;
}

const JAVASCRIPT = "text/javascript; charset=utf-8";
const CSS = "text/css; charset=utf-8";
/** Swagger UI's files change with its version only; an hour later their ETag is compared. */
const cached = { "cache-control": "public, max-age=3600" };

const document = z.custom<GatheredDocument>().openapi({ type: "object", required: ["openapi", "paths"] });

const openapi = createRoute({
  method: "get",
  path: "/openapi.json",
  summary: "The OpenAPI document of everything that the gateway serves",
  responses: {
    200: {
      description: "An OpenAPI 3.1 document",
      content: { "application/json": { schema: document } },
    },
    ...problemResponses(),
  },
});

const html = textRoute("/docs", "A page to read and try the API", "text/html");
const start = textRoute("/docs/start.js", "The page's own script", "text/javascript");
const css = textRoute("/docs/swagger-ui.css", "Swagger UI's style", "text/css");
const bundle = textRoute("/docs/swagger-ui-bundle.js", "Swagger UI", "text/javascript");

function textRoute<P extends string>(path: P, summary: string, type: string) {
  return createRoute({
    method: "get",
    path,
    summary,
    responses: {
      200: { description: summary, content: { [type]: { schema: z.string() } } },
      ...problemResponses(),
    },
  });
}
