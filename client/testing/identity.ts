import { randomUUID } from "node:crypto";
import { Problem, unauthenticated } from "../../services/shared/problem.ts";
import { json } from "./server.ts";
import type { Received } from "./server.ts";

interface Family {
  readonly username: string;
  ended: boolean;
}

/** Users and sessions as the platform keeps them: a refresh token works once, and a second use ends its family. */
export class Identity {
  readonly #passwords = new Map<string, string>();
  readonly #access = new Map<string, Family>();
  readonly #refresh = new Map<string, { readonly family: Family; used: boolean }>();
  readonly #families: Family[] = [];
  /** How often refresh tokens were exchanged. */
  refreshes = 0;
  /** How often a used one came again. */
  reuses = 0;

  register({ body }: Received): Response {
    const { username, password } = body as { username: string; password: string };
    if (password.length < 8) {
      throw new Problem("validation_failed", {
        errors: [{ field: "password", message: "8 to 128 characters" }],
      });
    }
    if (this.#passwords.has(username)) throw new Problem("username_taken");
    this.#passwords.set(username, password);
    return json({ id: randomUUID(), username }, 201);
  }

  login({ body }: Received): Response {
    const { username, password } = body as { username: string; password: string };
    if (this.#passwords.get(username) !== password) throw new Problem("invalid_credentials");
    const family = { username, ended: false };
    this.#families.push(family);
    return this.#grant(family);
  }

  refresh({ cookies }: Received): Response {
    const found = this.#refresh.get(cookies.refresh ?? "");
    if (found === undefined || found.family.ended) throw unauthenticated("The refresh token is not valid.");
    if (found.used) {
      this.reuses += 1;
      found.family.ended = true;
      throw unauthenticated("The refresh token is not valid.");
    }
    found.used = true;
    this.refreshes += 1;
    return this.#grant(found.family);
  }

  logout(request: Received): Response {
    this.#familyOf(request).ended = true;
    const headers = new Headers();
    headers.append("set-cookie", "jwt=; Max-Age=0; Path=/; HttpOnly; Secure");
    headers.append("set-cookie", "refresh=; Max-Age=0; Path=/authentication/refresh; HttpOnly; Secure");
    return new Response(null, { status: 204, headers });
  }

  /** @throws Problem `unauthenticated` without a token that is good */
  userOf(request: Received): string {
    return this.#familyOf(request).username;
  }

  /** Makes every access token of now expire; refresh tokens stay. */
  expireAccess(): void {
    this.#access.clear();
  }

  endSessions(): void {
    for (const family of this.#families) family.ended = true;
  }

  #familyOf({ cookies }: Received): Family {
    const family = this.#access.get(cookies.jwt ?? "");
    if (family === undefined || family.ended) throw unauthenticated();
    return family;
  }

  #grant(family: Family): Response {
    const access = `SECRET.${randomUUID()}`;
    const refresh = `SECRET-${randomUUID()}`;
    this.#access.set(access, family);
    this.#refresh.set(refresh, { family, used: false });
    const headers = new Headers();
    const attributes = "HttpOnly; Secure; SameSite=Strict";
    headers.append("set-cookie", `jwt=${access}; Max-Age=900; Path=/; ${attributes}`);
    headers.append(
      "set-cookie",
      `refresh=${refresh}; Max-Age=86400; Path=/authentication/refresh; ${attributes}`,
    );
    return json({ id: randomUUID(), username: family.username, expiresIn: 900 }, 200, headers);
  }
}
