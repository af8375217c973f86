import { z } from "@hono/zod-openapi";

/**
 * A pattern as a document has it: without the flags, which no pattern of a JSON Schema has. It is read as with `u`
 * (https://json-schema.org/draft/2020-12/json-schema-core#name-regular-expressions), the only flag to use here.
 */
const documented = (form: RegExp) => ({ pattern: form.source });

/** Letters and digits of any script and what e-mail addresses hold; length in characters, not in UTF-16 units. */
const usernameForm = /^[\p{L}\p{M}\p{N}._@+-]{3,32}$/u;
const username = z
  .string()
  .overwrite((text) => text.normalize("NFKC"))
  .regex(usernameForm, "3 to 32 letters, digits, or one of . _ @ + -")
  .openapi({ ...documented(usernameForm), example: "alice" });

const passwordForm = /^[\s\S]{8,128}$/u;
const password = z
  .string()
  .regex(passwordForm, "8 to 128 characters")
  .openapi({ ...documented(passwordForm), example: "correct horse battery staple" });

export const credentials = z.strictObject({ username, password }).openapi("Credentials");

export const user = z.object({ id: z.uuid(), username: z.string() }).openapi("User");

export const session = z
  .object({
    id: z.uuid(),
    username: z.string(),
    /** Seconds that the access token is good for. */
    expiresIn: z.int(),
  })
  .openapi("Session");

export const refreshRequest = z
  .strictObject({ refreshToken: z.string().min(1).max(200).optional() })
  .openapi("RefreshRequest", { description: "For clients that keep no cookies." });
