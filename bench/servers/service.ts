import { createRoute, z } from "@hono/zod-openapi";
import { createServiceApp } from "../../services/shared/app.ts";
import { createBase } from "../../services/shared/base.ts";
import { readEnvironment, serviceEnvironment } from "../../services/shared/config.ts";
import { pageOf, pageQuery } from "../../services/shared/pagination.ts";
import { serve } from "../../services/shared/server.ts";
import { answer } from "./answer.ts";

/** The same in a service of ours, with all that every service has: mTLS, callers, validation, log, metrics. */
const base = await createBase("products", readEnvironment(serviceEnvironment));
const app = createServiceApp("products", base);
const page = { "application/json": { schema: pageOf(z.any()) } };
const list = createRoute({
  method: "get",
  path: "/products",
  request: { query: pageQuery },
  responses: { 200: { description: "Products", content: page } },
});
app.openapi(list, (c) => c.json(answer, 200));
await serve(app, { ...base, close: [] });
