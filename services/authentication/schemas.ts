import { z } from "@hono/zod-openapi";

/** Letters and digits of any script and what e-mail addresses hold; length in characters, not in UTF-16 units. */
const username = z
  .string()
  .overwrite((text) => text.normalize("NFKC"))
  .regex(/^[\p{L}\p{M}\p{N}._@+-]{3,32}$/u, "3 to 32 letters, digits, or one of . _ @ + -")
  .openapi({ example: "alice" });

const password = z
  .string()
  .regex(/^.{8,128}$/su, "8 to 128 characters")
  .openapi({ example: "correct horse battery staple" });

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
