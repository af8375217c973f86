import type { OpenAPIHono } from "@hono/zod-openapi";
import { createRoute, z } from "@hono/zod-openapi";
import type { Kysely } from "kysely";
import type { AppDependencies } from "../shared/app.ts";
import { createServiceApp } from "../shared/app.ts";
import { userIdOf } from "../shared/identity.ts";
import { Problem, problemResponses, unauthenticated } from "../shared/problem.ts";
import type { AuthorizationDatabase } from "./database.ts";
import { hasRole } from "./roles.ts";

/** What a signed-in user without the role is answered: the reference's 401, or the 403 of RFC 9110. */
export type RefusalStatus = 401 | 403;

export interface AuthorizationDependencies extends AppDependencies {
  readonly db: Kysely<AuthorizationDatabase>;
  readonly refusalStatus: RefusalStatus;
}

/** Who may do what: the gateway's second check, on routes that demand a role. */
export function createApp(dependencies: AuthorizationDependencies): OpenAPIHono {
  const { db, refusalStatus } = dependencies;
  const app = createServiceApp("authorization", dependencies);

  app.openapi(validate, async (c) => {
    const userId = userIdOf(c);
    const { role } = c.req.valid("query");
    if (!(await hasRole(db, userId, role))) throw refusal();
    c.header("x-user-role", role);
    return c.body(null, 200);
  });

  function refusal(): Problem {
    const detail = "This needs a role that you do not have.";
    return refusalStatus === 401 ? unauthenticated(detail) : new Problem("not_permitted", { detail });
  }

  return app;
}

const validate = createRoute({
  method: "get",
  path: "/validate",
  summary: "For the gateway: whether the user in X-User-ID has a role",
  request: { query: z.object({ role: z.enum(["admin"]) }) },
  responses: {
    200: { description: "The user has it; the header X-User-Role says so" },
    ...problemResponses("validation_failed", "unauthenticated", "not_permitted"),
  },
});
