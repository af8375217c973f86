import { randomInt } from "node:crypto";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { z } from "@hono/zod-openapi";
import { isUnavailable, isUnstorableText } from "./database-errors.ts";
import type { Logger } from "./logging.ts";
import { routeOf } from "./route.ts";

/** Every refusal that a service gives on purpose: its stable code, its status and what it means. */
const problems = {
  malformed_request: [400, "The request cannot be read"],
  validation_failed: [400, "The request is not of the documented form"],
  unauthenticated: [401, "Sign in first"],
  invalid_credentials: [401, "Username or password is wrong"],
  not_permitted: [403, "Not permitted"],
  caller_refused: [403, "This caller may not use this route"],
  not_found: [404, "Not found"],
  username_taken: [409, "This username is taken"],
  sold_out: [409, "Not enough in stock"],
  body_too_large: [413, "The body is too large"],
  unsupported_media_type: [415, "The body must be application/json"],
  idempotency_key_reused: [422, "This Idempotency-Key belongs to another request"],
  internal_error: [500, "Something went wrong"],
  rate_limited: [429, "Too many requests"],
  too_many_logins: [429, "Too many failed logins"],
  unavailable: [503, "Try again shortly"],
  overloaded: [503, "Too many requests at once"],
} as const satisfies Record<string, readonly [ContentfulStatusCode, string]>;

export type ProblemCode = keyof typeof problems;
export const problemCodes = Object.keys(problems) as [ProblemCode, ...ProblemCode[]];

declare module "hono" {
  interface ContextVariableMap {
    /** Code of the problem that a request is answered with, for logs and metrics. */
    problemCode?: ProblemCode;
  }
}

export interface ProblemOptions {
  readonly detail?: string;
  /** Status in place of the code's own, where a setting changes it. */
  readonly status?: ContentfulStatusCode;
  readonly headers?: Readonly<Record<string, string>>;
  /** What is wrong with which field, for `validation_failed`. */
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
}

/** The one error class of the services: thrown anywhere, answered as an RFC 9457 problem. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: ProblemCode;
  readonly status: ContentfulStatusCode;
  readonly options: ProblemOptions;

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    super(options.detail ?? problems[code][1]);
    this.code = code;
    this.status = options.status ?? problems[code][0];
    this.options = options;
  }

  /** The problem's JSON text (RFC 9457, section 3). */
  get body(): string {
    const { detail, errors } = this.options;
    return JSON.stringify({
      type: `urn:gatehouse:problem:${this.code}`,
      title: problems[this.code][1],
      status: this.status,
      code: this.code,
      ...(detail === undefined ? {} : { detail }),
      ...(errors === undefined ? {} : { errors }),
    });
  }

  get headers(): Readonly<Record<string, string>> {
    return { "content-type": "application/problem+json", ...this.options.headers };
  }

  toResponse(): Response {
    return new Response(this.body, { status: this.status, headers: this.headers });
  }
}

/** A 401 with the challenge that RFC 9110 demands. */
export function unauthenticated(detail?: string): Problem {
  return new Problem("unauthenticated", {
    headers: { "www-authenticate": 'Bearer realm="gatehouse"' },
    ...(detail === undefined ? {} : { detail }),
  });
}

/** `Retry-After` of one to three seconds, by chance: refused together, clients must not come back together. */
export function retryLater(): { "retry-after": string } {
  return { "retry-after": String(randomInt(1, 4)) };
}

const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(problemCodes),
    detail: z.string().optional(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  })
  .openapi("Problem");

/** `responses` of an OpenAPI route for the problems that it answers, grouped by status. */
export function problemResponses(...codes: ProblemCode[]) {
  const all: ProblemCode[] = [...codes, "internal_error", "unavailable", "overloaded"];
  const statuses = [...new Set(all.map((code) => problems[code][0]))];
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: all.filter((code) => problems[code][0] === status).join(", "),
        content: { "application/problem+json": { schema: problemSchema } },
      },
    ]),
  );
}

/** The one error handler: expected refusals as they are, all else logged and answered without its inside. */
export function problemHandler(logger: Logger) {
  return (error: Error, c: Context): Response => answerProblem(c, problemOf(error, c, logger));
}

/** Answers with a problem and the headers set so far, and notes its code for what counts and logs the request. */
export function answerProblem(c: Context, problem: Problem): Response {
  c.set("problemCode", problem.code);
  return c.body(problem.body, problem.status, problem.headers);
}

function problemOf(error: Error, c: Context, logger: Logger): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof HTTPException && error.status < 500) {
    return new Problem("malformed_request", { detail: error.message });
  }
  if (isUnstorableText(error)) {
    return new Problem("malformed_request", { detail: "A text holds a null character." });
  }
  if (isUnavailable(error)) {
    logger.warn({ err: error, route: routeOf(c) }, "a dependency does not answer");
    return new Problem("unavailable", { headers: retryLater() });
  }
  logger.error({ err: error, route: routeOf(c) }, "unexpected error");
  return new Problem("internal_error");
}
