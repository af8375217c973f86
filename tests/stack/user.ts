import { randomBytes } from "node:crypto";
import { Agent, request } from "undici";
import type { TestOutputs } from "../support/outputs.ts";

export interface Call {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: object;
}

/** A signed-in client of the gateway, with connections of its own. */
export class User {
  readonly #outputs: TestOutputs;
  readonly #agent: Agent;
  #cookie = "";
  #resent = 0;

  constructor(outputs: TestOutputs, connections = 64) {
    this.#outputs = outputs;
    // HTTP/2 would put all requests on one connection, and so before one gateway pod.
    this.#agent = new Agent({ connections, allowH2: false, connect: { ca: outputs.gatewayCa } });
  }

  /** A new user. */
  static async signUp(outputs: TestOutputs, connections?: number): Promise<User> {
    const user = new User(outputs, connections);
    const credentials = {
      username: `drill-${randomBytes(6).toString("hex")}`,
      password: randomBytes(12).toString("base64url"),
    };
    await user.expect(201, { method: "POST", path: "/authentication/registration", body: credentials });
    await user.signIn(credentials);
    return user;
  }

  static async admin(outputs: TestOutputs): Promise<User> {
    const user = new User(outputs);
    await user.signIn({ username: outputs.adminUsername, password: outputs.adminPassword });
    return user;
  }

  async signIn(credentials: { username: string; password: string }): Promise<void> {
    const answer = await this.#request({ method: "POST", path: "/authentication/login", body: credentials });
    await answer.body.dump();
    const cookies = [answer.headers["set-cookie"] ?? []].flat();
    this.#cookie =
      cookies.map((cookie) => cookie.split(";")[0] ?? "").find((pair) => pair.startsWith("jwt=")) ?? "";
    if (this.#cookie === "") throw new Error(`no cookie after the login: status ${answer.statusCode}`);
  }

  /** The access token, for programs that are no client of ours. */
  get accessToken(): string {
    return this.#cookie.slice("jwt=".length);
  }

  /** The header by which it is signed in. */
  get cookie(): string {
    return this.#cookie;
  }

  /** Requests that were sent again, because the connection had been closed. */
  get resent(): number {
    return this.#resent;
  }

  /**
   * Sends a request and gives the status. A server may close a kept connection just as a request is sent on it: as
   * every browser does, an idempotent one is then sent once more on a new connection (RFC 9112, section 9.3.1).
   */
  async call(call: Call): Promise<number> {
    const { statusCode, body } = await this.#request(call).catch((error: unknown) => {
      if (call.method !== "GET" || !isClosedConnection(error)) throw error;
      this.#resent += 1;
      return this.#request(call);
    });
    await body.dump();
    return statusCode;
  }

  /** Sends a request once and gives status and body. */
  async ask(call: Call): Promise<{ status: number; body: unknown }> {
    const { statusCode, body } = await this.#request(call);
    const text = await body.text();
    return { status: statusCode, body: statusCode < 300 && text !== "" ? JSON.parse(text) : undefined };
  }

  async expect(status: number, call: Call): Promise<void> {
    const got = await this.call(call);
    if (got !== status) throw new Error(`${call.method} ${call.path}: expected ${status}, got ${got}`);
  }

  close(): Promise<void> {
    return this.#agent.close();
  }

  #request({ method, path, body }: Call) {
    return request(this.#outputs.gatewayUrl + path, {
      method,
      dispatcher: this.#agent,
      headers: {
        ...(this.#cookie === "" ? {} : { cookie: this.#cookie }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
}

function isClosedConnection(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "UND_ERR_SOCKET" || code === "ECONNRESET";
}
