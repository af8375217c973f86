import { Agent } from "undici";
import { expect } from "vitest";
import type { SignedIn } from "./client.ts";
import { signUp } from "./client.ts";
import type { TestPlatform } from "./platform.ts";
import { startTestPlatform } from "./platform.ts";
import type { Read } from "./readers.ts";
import { Readers, readOnce } from "./readers.ts";
import { outputsOf } from "./rotation.ts";
import { jobsOf, scrape } from "./scrape.ts";
import { eventually } from "./wait.ts";

/** What is read of a session. */
const PATH = "/orders";

/** A local platform whose gateway remembers sessions, and those who look at what it does. */
export class RememberingPlatform {
  readonly platform: TestPlatform;
  #agent: Agent;

  private constructor(platform: TestPlatform) {
    this.platform = platform;
    this.#agent = this.#newAgent();
  }

  static async start(): Promise<RememberingPlatform> {
    return new RememberingPlatform(await startTestPlatform(undefined, { checks: "gateway", limits: "off" }));
  }

  async stop(): Promise<void> {
    await this.#agent.close();
    await this.platform.stop();
  }

  get state(): string {
    return this.platform.state;
  }

  /** As clients are told now, who after a rotation of the CA trust another one. */
  get outputs() {
    return outputsOf(this.state);
  }

  /** Trusts what there is to trust now. */
  async reconnect(): Promise<void> {
    await this.#agent.close();
    this.#agent = this.#newAgent();
  }

  read(user: SignedIn): Promise<Read> {
    return readOnce(this.#url, this.#agent, tokenOf(user));
  }

  readers(user: SignedIn, loops = 2): Readers {
    return new Readers(this.#url, { agent: this.#agent, token: tokenOf(user), loops });
  }

  signUp(): Promise<SignedIn> {
    return signUp(this.outputs);
  }

  /** A user whom the gateway remembers. */
  async remembered(): Promise<SignedIn> {
    const user = await this.signUp();
    await eventually("a read that asks nobody", async () => {
      const before = await this.checks();
      expect((await this.read(user)).status).toBe(200);
      return (await this.checks()) === before;
    });
    return user;
  }

  /** How often the authentication service was asked whose token a request carries. */
  async checks(): Promise<number> {
    const job = jobsOf(this.state).find(({ job_name: name }) => name === "authentication");
    if (job === undefined) throw new Error("the platform has no job authentication");
    const counts = (await scrape(job)).matchAll(/^http_requests_total\{.*route="\/validate".*\} (\d+)$/gm);
    return Array.from(counts, ([, count]) => Number(count)).reduce((sum, count) => sum + count, 0);
  }

  get #url(): string {
    return this.platform.outputs.gatewayUrl + PATH;
  }

  #newAgent(): Agent {
    return new Agent({ connections: 64, connect: { ca: this.outputs.gatewayCa } });
  }
}

export function tokenOf({ client }: SignedIn): string {
  return client.cookies.get("jwt") ?? "";
}
