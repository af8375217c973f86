import type { Agent } from "node:https";
import { request } from "node:https";
import { localNodeFlags, runtimeEnvironment } from "../services/runtime.ts";
import type { WatchedProcess } from "./kept-process.ts";
import { KeptProcess } from "./kept-process.ts";
import { HOST } from "./ports.ts";
import { startProcess } from "./processes.ts";
import type { Endpoint } from "./service-address.ts";
import type { StateFolder } from "./state.ts";
import { waitFor } from "./wait.ts";

/** The kubelet's numbers in the cluster: liveness every 10 s, a restart after three failures in a row. */
const LIVENESS_INTERVAL = 10_000;
const LIVENESS_FAILURES = 3;
const READINESS_INTERVAL = 1_000;
const CHECK_TIMEOUT = 5_000;

export interface ReplicaOptions {
  /** `orders-1`. */
  readonly name: string;
  readonly service: string;
  readonly port: number;
  /** Path of the bundle. */
  readonly program: string;
  /** What the process is started with, asked each time. */
  readonly environment: () => NodeJS.ProcessEnv;
  readonly folder: StateFolder;
  readonly agent: Agent;
  /** Whom the health checks trust, asked each time. */
  readonly ca: () => string;
  /** Told what happens to it, one line each. */
  readonly report: (line: string) => void;
}

/** One process of a service, kept alive: restarted when it ends by itself or fails its health checks. */
export class Replica implements Endpoint, WatchedProcess {
  readonly port: number;
  ready = false;
  readonly #options: ReplicaOptions;
  readonly #process: KeptProcess;

  constructor(options: ReplicaOptions) {
    const { name, program, environment, folder, report } = options;
    this.port = options.port;
    this.#options = options;
    this.#process = new KeptProcess({
      name,
      signal: "SIGTERM",
      spawn: () =>
        startProcess(process.execPath, [...localNodeFlags, program], {
          log: folder.file(`logs/${name}.log`),
          env: { ...runtimeEnvironment, ...environment() },
        }),
      folder,
      report,
    });
  }

  get name(): string {
    return this.#options.name;
  }

  get service(): string {
    return this.#options.service;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get restarts(): number {
    return this.#process.restarts;
  }

  kill(): void {
    this.#process.kill();
  }

  /** Starts the process and resolves once it is ready. @throws Error where it ends before */
  async start(): Promise<void> {
    await this.#process.start(
      () => this.#becomesReady(),
      () => (this.ready = false),
    );
    this.ready = true;
    void this.#watchReadiness();
    void this.#watchLiveness();
  }

  /**
   * Lets the process finish what it does and starts another on what is there now.
   * @throws Error where that one does not get ready
   */
  async roll(): Promise<void> {
    this.ready = false;
    await this.#process.restart();
    await this.#becomesReady();
    this.ready = true;
  }

  /** Lets the process finish what it does, and starts no other. */
  async stop(): Promise<void> {
    this.ready = false;
    await this.#process.stop();
  }

  #becomesReady(): Promise<void> {
    return waitFor(`${this.#options.name} getting ready`, 30_000, () => this.#answers("/health/ready"));
  }

  async #watchReadiness(): Promise<void> {
    while (await this.#process.pause(READINESS_INTERVAL)) this.ready = await this.#answers("/health/ready");
  }

  async #watchLiveness(): Promise<void> {
    let failures = 0;
    let watched = this.#process.child;
    while (await this.#process.pause(LIVENESS_INTERVAL)) {
      if (watched !== this.#process.child) failures = 0;
      watched = this.#process.child;
      failures = (await this.#answers("/health")) ? 0 : failures + 1;
      if (failures < LIVENESS_FAILURES || watched !== this.#process.child) continue;
      failures = 0;
      this.#options.report(`${this.#options.name} failed ${LIVENESS_FAILURES} health checks`);
      await this.#process.endCurrent();
    }
  }

  #answers(path: string): Promise<boolean> {
    const { agent, ca, service } = this.#options;
    return new Promise((resolve) => {
      const options = {
        agent,
        ca: ca(),
        host: HOST,
        port: this.port,
        path,
        servername: service,
        timeout: CHECK_TIMEOUT,
      };
      const check = request(options, (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      });
      check.on("error", () => resolve(false));
      check.on("timeout", () => check.destroy());
      check.end();
    });
  }
}
