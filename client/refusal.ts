import { STATUS_CODES } from "node:http";
import type { Headers } from "undici";
import { z } from "zod";
import { RefusedError, SIGN_IN } from "./errors.ts";
import { clockTime, printable } from "./format.ts";
import type { Answer } from "./gateway.ts";

/** The members of an RFC 9457 problem that a person is told. */
const problemSchema = z.object({
  code: z.string().optional(),
  title: z.string(),
  detail: z.string().optional(),
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
});

type Problem = z.infer<typeof problemSchema>;

/** What the gateway itself answers is plain text: these say it in the words of the client. */
const titles: Readonly<Record<number, string>> = {
  429: "Too many requests",
  502: "The platform could not answer",
  503: "The platform is not available",
  504: "The platform did not answer in time",
};

/** The error that an answer which is no success means. */
export function refusal(answer: Answer): RefusedError {
  const problem = isProblem(answer.headers) ? parseProblem(answer.body) : undefined;
  const hint = hintFor(answer, problem);
  return new RefusedError(
    answer.status,
    printable(message(answer, problem)),
    hint === undefined ? {} : { hint },
  );
}

function message({ status }: Answer, problem: Problem | undefined): string {
  if (problem === undefined) {
    return `${titles[status] ?? STATUS_CODES[status] ?? "Unexpected answer"} (HTTP ${status}).`;
  }
  const { title, detail, errors = [] } = problem;
  const lines = errors.map((error) => `  ${error.field}: ${error.message}`);
  return [detail === undefined ? `${title}.` : `${title}: ${detail}`, ...lines].join("\n");
}

function hintFor({ status, headers }: Answer, problem: Problem | undefined): string | undefined {
  if (status === 401 && problem?.code !== "invalid_credentials") return SIGN_IN;
  if (status !== 429 && status !== 503) return undefined;
  const seconds = retryAfterSeconds(headers);
  if (seconds === undefined) return "Try again in a moment.";
  const at = clockTime(new Date(Date.now() + seconds * 1000));
  return `Try again in ${seconds} second${seconds === 1 ? "" : "s"}, at ${at}.`;
}

/** `Retry-After` is a number of seconds or a date (RFC 9110, section 10.2.3). */
export function retryAfterSeconds(headers: Headers, now = Date.now()): number | undefined {
  const value = headers.get("retry-after")?.trim() ?? "";
  if (/^\d{1,9}$/.test(value)) return Number(value);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1000));
}

function isProblem(headers: Headers): boolean {
  return headers.get("content-type")?.startsWith("application/problem+json") ?? false;
}

function parseProblem(body: string): Problem | undefined {
  try {
    return problemSchema.parse(JSON.parse(body));
  } catch {
    return undefined;
  }
}
