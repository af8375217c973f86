import { defineCatalog, internal } from "./shared/catalog.ts";

/**
 * THE table: every service, its routes and who may use them, and what it needs.
 *
 * The gateway's routers and middlewares, certificates, databases, Deployments, processes and tests are all
 * derived from it. A new microservice is one folder beside this file and one entry here; the steps are in
 * docs/adding-a-microservice.md.
 */
export const catalog = defineCatalog({
  authentication: {
    database: true,
    readsCredentials: true,
    routes: {
      "POST /authentication/registration": "public",
      "POST /authentication/login": "public",
      "POST /authentication/refresh": "public",
      "POST /authentication/logout": "user",
      "GET /authentication/whoami": "user",
      "GET /validate": internal("gateway"),
    },
  },
  authorization: {
    database: true,
    routes: {
      "GET /validate": internal("gateway"),
    },
  },
  products: {
    database: true,
    routes: {
      "GET /products": "user",
      "GET /products/admin": "admin",
      "POST /products/{id}/buy": "user",
    },
  },
  orders: {
    database: true,
    routes: {
      "GET /orders": "user",
      "POST /microservice/orders/add": internal("products"),
    },
  },
  docs: {
    servesPages: true,
    readsDocuments: true,
    ownPaths: ["/openapi.json"],
    routes: {
      "GET /docs": "public",
      "GET /docs/start.js": "public",
      "GET /docs/swagger-ui.css": "public",
      "GET /docs/swagger-ui-bundle.js": "public",
      "GET /openapi.json": "public",
    },
  },
});
