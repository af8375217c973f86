import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestOutputs } from "./outputs.ts";
import { pidOf } from "./processes.ts";
import { startRunner } from "./runner.ts";

/** For what nobody stops. */
const never = new AbortController().signal;

/** A client's side of mutual TLS, in PEM. */
export interface ClientTls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** A platform as `npm start` runs it, with a state of its own, that ends with the trial. */
export class Trial implements AsyncDisposable {
  readonly outputs: TestOutputs;
  /** The process of `npm start`, whose children all others are. */
  readonly runner: number;
  readonly state: string;
  readonly #cleanup: AsyncDisposableStack;

  private constructor(outputs: TestOutputs, runner: number, state: string, cleanup: AsyncDisposableStack) {
    this.outputs = outputs;
    this.runner = runner;
    this.state = state;
    this.#cleanup = cleanup;
  }

  /**
   * Resolves once it is ready.
   * @param flags of `npm start`
   * @param stop ends it, however far it is
   * @param options.tree the folder of the checkout that is to run
   * @param options.state a folder that outlives it
   */
  static async start(
    flags: readonly string[],
    stop: AbortSignal = never,
    { tree = ".", state: kept }: { readonly tree?: string; readonly state?: string } = {},
  ): Promise<Trial> {
    stop.throwIfAborted();
    await using cleanup = new AsyncDisposableStack();
    const state = kept ?? mkdtempSync(join(tmpdir(), "gatehouse-trial-"));
    if (kept === undefined) cleanup.defer(() => rmSync(state, { recursive: true, force: true }));
    const runner = startRunner(state, ["--dashboard-port", "off", ...flags], {}, tree);
    const end = () => void runner.child.kill("SIGINT");
    stop.addEventListener("abort", end, { once: true });
    cleanup.defer(async () => {
      stop.removeEventListener("abort", end);
      end();
      await runner.ended();
    });
    const outputs = await runner.ready();
    return new Trial(outputs, runner.child.pid ?? 0, state, cleanup.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cleanup.disposeAsync();
  }

  /** Process id of a part of the platform, such as `orders-1`. */
  pid(name: string): number {
    return pidOf(name, this.state);
  }

  /** Base URL of a service's process, such as `orders-1`, behind the gateway. */
  urlOf(name: string): string {
    const environment = readFileSync(`/proc/${this.pid(name)}/environ`, "utf8").split("\0");
    const port = environment.find((variable) => variable.startsWith("PORT="))?.slice(5);
    if (port === undefined) throw new Error(`${name} has no port in its environment`);
    return `https://127.0.0.1:${port}`;
  }

  /** What a part of the platform, such as the gateway, shows services, and how it knows them. */
  tlsOf(name: string): ClientTls {
    const file = (suffix: string) => readFileSync(join(this.state, `certificates/${name}.${suffix}`), "utf8");
    return { ca: this.outputs.gatewayCa, cert: file("crt"), key: file("key") };
  }
}
