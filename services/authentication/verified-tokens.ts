import { createHash } from "node:crypto";

/** Tokens that are remembered at once: some megabytes, in a pod of 128 MiB. */
const CAPACITY = 4_096;

/**
 * What verified tokens say, for the requests that bring them again: a signature is a quarter of the work of a check.
 * It belongs to one key set and forgets the oldest first. Nothing that can change is in it: whoever asks still looks
 * at the clock and at the session. Tokens themselves are not kept, only their hashes.
 */
export class VerifiedTokens<Claims> {
  readonly #claims = new Map<string, Claims>();
  readonly #capacity: number;

  constructor(capacity = CAPACITY) {
    this.#capacity = capacity;
  }

  get(token: string): Claims | undefined {
    return this.#claims.get(keyOf(token));
  }

  /** Remembers a token whose signature and claims were found good. */
  add(token: string, claims: Claims): void {
    this.#claims.set(keyOf(token), claims);
    if (this.#claims.size <= this.#capacity) return;
    for (const oldest of this.#claims.keys()) {
      this.#claims.delete(oldest);
      return;
    }
  }
}

/** The hash of the whole token with its signature: a forged one is another token. */
function keyOf(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}
