import { createRoute, z } from "@hono/zod-openapi";
import { problemResponses } from "../shared/problem.ts";

/** Name of the policy that the gateway's configuration says for the route. */
const limitName = z
  .string()
  .regex(/^[a-z0-9-]{1,100}$/)
  .openapi({ example: "get-orders" });

export const validate = createRoute({
  method: "get",
  path: "/validate",
  summary: "For the gateway: whose token a request carries, and whether its user may go on",
  request: { query: z.object({ limit: limitName.optional() }) },
  responses: {
    200: { description: "A valid token; the header X-User-ID names its user" },
    ...problemResponses("validation_failed", "unauthenticated", "rate_limited"),
  },
});

export const limit = createRoute({
  method: "get",
  path: "/limit",
  summary: "For the gateway: whether a source may go on, on a route that is for anyone",
  request: { query: z.object({ limit: limitName }) },
  responses: {
    200: { description: "It may" },
    ...problemResponses("validation_failed", "rate_limited"),
  },
});

export const revocations = createRoute({
  method: "get",
  path: "/revocations",
  summary:
    "For a gateway that remembers sessions: which have ended, and for how long it may go by the others",
  responses: {
    200: {
      description: "What has changed; a lease that begins when the question was sent",
      content: {
        "application/json": {
          schema: z.object({
            leaseMilliseconds: z.int(),
            sessions: z.array(z.uuid()),
            /** What tokens are judged by: where it changes, all that was remembered is void. */
            keys: z.string(),
          }),
        },
      },
    },
    ...problemResponses("not_found"),
  },
});
