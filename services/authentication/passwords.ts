import { argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { bulkhead, BulkheadRejectedError } from "cockatiel";
import { Problem } from "../shared/problem.ts";

/**
 * argon2id with the first parameters of OWASP's Password Storage Cheat Sheet that fit a pod of 128 MiB, in the
 * PHC string format (https://github.com/P-H-C/phc-string-format).
 */
const parameters = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 } as const;
const PREFIX = `$argon2id$v=19$m=${parameters.memory},t=${parameters.passes},p=${parameters.parallelism}$`;

const deriveKey = promisify(argon2);

/**
 * One hash at a time, which bounds memory to 19 MiB and leaves the other cores, or the rest of a pod's share of one, to the
 * checks that the same process answers; a flood of logins beyond the queue is turned away.
 */
const hashing = bulkhead(1, 64);

/** Hashes a password with a new salt. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  return PREFIX + `${toBase64(salt)}$${toBase64(await derive(password, salt))}`;
}

/** A hash that no password has, as costly to check as any: for logins of users that do not exist. */
export const unknownUserHash =
  PREFIX + `${toBase64(randomBytes(16))}$${toBase64(randomBytes(parameters.tagLength))}`;

/** Whether a password is the one that was hashed. */
export async function verifyPassword(hash: string, password: string): Promise<boolean> {
  if (!hash.startsWith(PREFIX)) throw new Error("a password hash has unknown parameters");
  const [salt = "", expected = ""] = hash.slice(PREFIX.length).split("$");
  return timingSafeEqual(
    await derive(password, Buffer.from(salt, "base64")),
    Buffer.from(expected, "base64"),
  );
}

async function derive(password: string, nonce: Buffer): Promise<Buffer> {
  try {
    return await hashing.execute(() => deriveKey("argon2id", { message: password, nonce, ...parameters }));
  } catch (error) {
    if (!(error instanceof BulkheadRejectedError)) throw error;
    throw new Problem("unavailable", { detail: "Too many logins at once.", headers: { "retry-after": "2" } });
  }
}

/** PHC strings carry base64 without padding. */
function toBase64(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
