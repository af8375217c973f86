import type { LimitClass } from "./shared/catalog.ts";
import { defineCatalog, internal, limitedAs } from "./shared/catalog.ts";

/** Where secrets can be guessed at: whoever guesses at one of these routes has guessed at the others too. */
const credentials: LimitClass = { name: "credentials", shares: { public: 1, user: 1, admin: 1 } };

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
      "POST /authentication/registration": limitedAs(credentials, "public"),
      "POST /authentication/login": limitedAs(credentials, "public"),
      "POST /authentication/refresh": limitedAs(credentials, "public"),
      "POST /authentication/logout": "user",
      "GET /authentication/whoami": "user",
      "GET /validate": internal("gateway"),
      "GET /limit": internal("gateway"),
      "GET /revocations": internal("gateway"),
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
