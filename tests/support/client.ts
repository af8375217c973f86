import { randomBytes, randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent, request } from "undici";
import { inject } from "vitest";
import type { TestOutputs } from "./outputs.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
  /** The body as JSON; undefined where it is none. */
  readonly json: unknown;
}

export interface RequestOptions {
  readonly headers?: Record<string, string | string[]>;
  /** Sent as JSON; a string or bytes are sent as they are. */
  readonly body?: unknown;
}

/** A client of the gateway with cookies of its own and, where the gateway is on this machine, an address of its own. */
export class TestClient {
  readonly cookies = new Map<string, string>();
  readonly #outputs: TestOutputs;
  readonly #agent: Agent;
  readonly #waitsWhenLimited: boolean;

  /** @param waitsWhenLimited whether a 429 is waited out: everywhere but in tests of the limits */
  constructor({ waitsWhenLimited = true, outputs = inject("outputs") } = {}) {
    this.#outputs = outputs;
    this.#waitsWhenLimited = waitsWhenLimited;
    const local = isLoopback(this.#outputs.gatewayUrl) && process.platform === "linux";
    this.#agent = new Agent({
      connections: 128,
      allowH2: false,
      ...(local ? { localAddress: loopbackAddress() } : {}),
      connect: { ca: this.#outputs.gatewayCa, ...(local ? { family: 4 } : {}) },
    });
  }

  get(path: string, options: RequestOptions = {}): Promise<Answer> {
    return this.send("GET", path, options);
  }

  post(path: string, body?: unknown, options: RequestOptions = {}): Promise<Answer> {
    return this.send("POST", path, { ...options, body });
  }

  async send(method: string, path: string, { headers = {}, body }: RequestOptions = {}): Promise<Answer> {
    const raw = typeof body === "string" || body instanceof Uint8Array || body === undefined;
    const response = await request(this.#outputs.gatewayUrl + path, {
      dispatcher: this.#agent,
      method,
      headers: {
        ...(this.cookies.size > 0 ? { cookie: this.#cookiesFor(path) } : {}),
        ...(raw ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
    });
    const text = await response.body.text();
    if (response.statusCode === 429 && this.#waitsWhenLimited) {
      await sleep(1000 * (Number(response.headers["retry-after"]) || 1));
      return this.send(method, path, { headers, body });
    }
    this.#keepCookies(response.headers["set-cookie"]);
    return { status: response.statusCode, headers: response.headers, text, json: parseJson(text) };
  }

  #cookiesFor(path: string): string {
    const sent = [...this.cookies].filter(
      ([name]) => name !== "refresh" || path === "/authentication/refresh",
    );
    return sent.map(([name, value]) => `${name}=${value}`).join("; ");
  }

  #keepCookies(header: string | string[] | undefined): void {
    for (const cookie of header === undefined ? [] : [header].flat()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (value === "") this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
  }
}

export interface SignedIn {
  readonly client: TestClient;
  readonly id: string;
  readonly username: string;
  readonly password: string;
}

/** A new user who is signed in. */
export async function signUp(outputs = inject("outputs")): Promise<SignedIn> {
  const client = new TestClient({ outputs });
  const username = `user-${randomBytes(6).toString("hex")}`;
  const password = randomBytes(12).toString("base64url");
  const { id } = expectJson<{ id: string }>(
    await client.post("/authentication/registration", { username, password }),
    201,
  );
  expectJson(await client.post("/authentication/login", { username, password }), 200);
  return { client, id, username, password };
}

/** The administrator, signed in. */
export async function signInAsAdmin(outputs = inject("outputs")): Promise<TestClient> {
  const { adminUsername: username, adminPassword: password } = outputs;
  const client = new TestClient({ outputs });
  expectJson(await client.post("/authentication/login", { username, password }), 200);
  return client;
}

/** The body of an answer that must have a status. */
export function expectJson<T>(answer: Answer, status: number): T {
  if (answer.status !== status) throw new Error(`expected ${status}, got ${answer.status}: ${answer.text}`);
  return answer.json as T;
}

/** Whether the gateway is on this machine, where 127.0.0.0/8 gives every client an address of its own. */
export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === "localhost" || hostname.startsWith("127.");
}

export function loopbackAddress(): string {
  return `127.${randomInt(1, 255)}.${randomInt(0, 255)}.${randomInt(2, 255)}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
