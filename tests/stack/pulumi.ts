import { randomBytes } from "node:crypto";
import { copyFile, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import type { RunOptions } from "./process.ts";
import { run } from "./process.ts";

const PROJECT = join(import.meta.dirname, "..", "..");

const DAY = 24 * 60 * 60 * 1000;

/** Of a state, what {@link TestStack.age} changes; the rest stays as it is. */
const stateOfCertificates = z.looseObject({
  deployment: z.looseObject({
    resources: z.array(
      z.looseObject({ type: z.string(), outputs: z.record(z.string(), z.unknown()).optional() }),
    ),
  }),
});

/** Pulumi's state where nobody says otherwise: beside what else the tests make. */
async function environment(): Promise<Record<string, string>> {
  const { PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE } = process.env;
  const folder = join(PROJECT, ".local", "pulumi");
  await mkdir(folder, { recursive: true });
  return {
    PULUMI_BACKEND_URL: PULUMI_BACKEND_URL ?? pathToFileURL(folder).href,
    PULUMI_CONFIG_PASSPHRASE: PULUMI_CONFIG_PASSPHRASE ?? randomBytes(16).toString("hex"),
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
}

/** A stack of its own for one run of the tests, configured like a stack of the project. */
export class TestStack {
  readonly name: string;
  readonly #env: Record<string, string>;

  private constructor(name: string, env: Record<string, string>) {
    this.name = name;
    this.#env = env;
  }

  /** @param like the stack whose configuration it starts with */
  static async create(name: string, like: string): Promise<TestStack> {
    const stack = new TestStack(name, await environment());
    await copyFile(join(PROJECT, `Pulumi.${like}.yaml`), stack.#file);
    await stack.pulumi(["stack", "init", name, "--no-select"]);
    await stack.set("namespace", `gatehouse-${name}`);
    return stack;
  }

  async set(key: string, value: string): Promise<void> {
    const path = ["--path", `gatehouse:${key}`];
    // A certificate begins with dashes and is no option.
    await this.pulumi(["config", "set", "--stack", this.name, ...path, "--", value]);
  }

  preview(): Promise<string> {
    return this.pulumi(["preview", ...this.#target]);
  }

  async up(...options: string[]): Promise<void> {
    await this.pulumi(["up", "--yes", "--skip-preview", ...this.#target, ...options]);
  }

  /** Takes the next step of a rotation, without a wait for the tokens of a signing key. */
  async rotate(kind: string): Promise<void> {
    const args = ["--stack", this.name, "--step", "--now"];
    await run(process.execPath, [join(PROJECT, "rotation", "main.ts"), kind, ...args], { env: this.#env });
  }

  async refresh(...options: string[]): Promise<void> {
    await this.pulumi(["refresh", "--yes", ...this.#target, ...options]);
  }

  /** The state as it is kept, with its secrets encrypted. */
  state(): Promise<string> {
    return this.pulumi(["stack", "export", "--stack", this.name]);
  }

  /** Makes leaves look as if they had been issued that many days earlier, to whoever decides on their renewal. */
  async age(days: number): Promise<void> {
    const state = stateOfCertificates.parse(JSON.parse(await this.state()));
    for (const { type, outputs } of state.deployment.resources) {
      if (type !== "tls:index/locallySignedCert:LocallySignedCert" || outputs === undefined) continue;
      const end = Date.parse(z.string().parse(outputs["validityEndTime"])) - days * DAY;
      outputs["validityEndTime"] = new Date(end).toISOString();
    }
    await this.pulumi(["stack", "import", "--stack", this.name], { input: JSON.stringify(state) });
  }

  async outputs(): Promise<unknown> {
    return JSON.parse(
      await this.pulumi(["stack", "output", "--stack", this.name, "--json", "--show-secrets"]),
    );
  }

  async destroy(): Promise<void> {
    await this.pulumi(["destroy", "--yes", "--skip-preview", ...this.#target]);
    await this.pulumi(["stack", "rm", "--yes", this.name]);
    await rm(this.#file, { force: true });
  }

  get #target(): string[] {
    return ["--stack", this.name, "--non-interactive", "--color", "never", "--suppress-outputs"];
  }

  get #file(): string {
    return join(PROJECT, `Pulumi.${this.name}.yaml`);
  }

  pulumi(args: string[], options: RunOptions = {}): Promise<string> {
    return run("pulumi", ["--cwd", PROJECT, ...args], { env: this.#env, ...options });
  }
}
