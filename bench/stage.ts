import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPlatform } from "../local/platform.ts";
import type { Platform } from "../local/platform.ts";
import { freePorts, HOST } from "../local/ports.ts";
import { startProcess, stopProcess } from "../local/processes.ts";
import type { Progress } from "../local/progress.ts";
import { findTraefik } from "../local/traefik.ts";
import { lastLines, waitForPort } from "../local/wait.ts";
import { REVOCATION_LEASE_MS } from "../services/shared/lifetimes.ts";
import { handshakes } from "./handshakes.ts";
import { pidOf } from "../tests/support/processes.ts";
import type { Sessions } from "./sessions.ts";
import { openSessions, signIn, signOut } from "./sessions.ts";

/** The path that every subject answers. */
export const PATH = "/products";

/**
 * What all subjects stand on: one platform with its certificates, its database and its authentication service. All that
 * it starts ends with it, whatever becomes of the run.
 */
export class Stage implements AsyncDisposable {
  readonly #platform: Platform;
  readonly #folder: string;
  readonly #cleanup: AsyncDisposableStack;
  /** Once it is aborted, nothing further begins. */
  readonly stop: AbortSignal;
  readonly traefik: string;
  readonly sessions: Sessions;

  private constructor(
    parts: { platform: Platform; folder: string; traefik: string; sessions: Sessions },
    stop: AbortSignal,
    cleanup: AsyncDisposableStack,
  ) {
    this.#platform = parts.platform;
    this.#folder = parts.folder;
    this.#cleanup = cleanup;
    this.stop = stop;
    this.traefik = parts.traefik;
    this.sessions = parts.sessions;
  }

  static async open(stop: AbortSignal): Promise<Stage> {
    await using cleanup = new AsyncDisposableStack();
    const folder = mkdtempSync(join(tmpdir(), "gatehouse-bench-"));
    cleanup.defer(() => rmSync(folder, { recursive: true, force: true }));
    const platform = await startPlatform(
      {
        port: 0,
        httpPort: undefined,
        state: folder,
        replicas: 1,
        limits: "off",
        limitStoreFailure: "local",
        checks: "service",
        drills: false,
        logs: false,
        roleRefusal: "401",
        databaseUrl: undefined,
      },
      silentUntil(stop),
      // For the gateway that remembers sessions. All others are told of leases too, and leave it.
      { replicaVariables: () => ({ REVOCATION_LEASE_MS: String(REVOCATION_LEASE_MS) }) },
    );
    cleanup.defer(() => platform.stop());
    const sessions = await openSessions(platform.outputs);
    return new Stage({ platform, folder, traefik: await findTraefik(), sessions }, stop, cleanup.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cleanup.disposeAsync();
  }

  /** Path of the CA's certificate. */
  get ca(): string {
    return this.#platform.caFile;
  }

  /** Path of the key set that access tokens are signed with. */
  get signingKeys(): string {
    return join(this.#folder, "secrets/signing-keys.json");
  }

  certificate(name: string): { readonly cert: string; readonly key: string } {
    return {
      cert: join(this.#folder, `certificates/${name}.crt`),
      key: join(this.#folder, `certificates/${name}.key`),
    };
  }

  /** One more session, by its cookie, and how it is ended. */
  async newSession(): Promise<{ readonly cookie: string; readonly end: () => Promise<void> }> {
    const { outputs } = this.#platform;
    const cookie = await signIn(outputs);
    return { cookie, end: () => signOut(outputs, cookie) };
  }

  /** Port of a part of the platform: `authentication-1`, `postgres`. */
  port(name: string): number {
    const listener = this.#platform.listeners.find((one) => one.name === name);
    if (listener === undefined) throw new Error(`the platform has no listener ${name}`);
    return listener.port;
  }

  /** Process id of a part of the platform. */
  process(name: string): number {
    return pidOf(name, this.#folder);
  }

  /** The processes that answer whether a token's session goes on. */
  get checks(): number[] {
    return [this.process("authentication-1"), this.process("postgres")];
  }

  /** TLS handshakes of the authentication service so far, this look among them. */
  handshakes(): Promise<number> {
    const { cert, key } = this.certificate("prometheus");
    const read = (file: string) => readFileSync(file, "utf8");
    const tls = { ca: read(this.ca), cert: read(cert), key: read(key) };
    return handshakes(`https://localhost:${this.port("authentication-1")}`, tls);
  }

  async freePort(): Promise<number> {
    return (await freePorts(1))[0] ?? 0;
  }

  /** Writes a file for a subject, and gives its path. */
  write(name: string, content: string | object): string {
    const path = this.file(name);
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content, null, 2), {
      mode: 0o600,
    });
    return path;
  }

  file(...names: string[]): string {
    return join(this.#folder, ...names);
  }

  /** Starts a program of a subject, which runs as long as the stage, and resolves once it listens. */
  async start(
    name: string,
    port: number,
    [program, ...args]: readonly [string, ...string[]],
    environment: NodeJS.ProcessEnv = {},
  ): Promise<Started> {
    this.stop.throwIfAborted();
    const log = this.file(`logs/bench-${name}.log`);
    const child = startProcess(program, args, { log, env: { ...process.env, ...environment } });
    this.#cleanup.defer(() => stopProcess(child, "SIGTERM"));
    const failed = new Promise<never>((_, reject) => {
      child.once("error", reject);
      child.once("exit", () => reject(new Error(`${name} ended: ${lastLines(log)}`)));
    });
    failed.catch(() => undefined);
    await Promise.race([waitForPort(port, 20_000), failed]);
    return { pid: child.pid ?? 0, port, url: `https://${HOST}:${port}` };
  }

  /** The ends of the logs of a subject's programs, where they say anything. */
  lastLinesOf(subject: string): string[] {
    const logs = readdirSync(this.file("logs")).filter(
      (name) => name.startsWith(`bench-${subject}`) && !name.endsWith("-access.log"),
    );
    return logs.map((name) => lastLines(this.file("logs", name))).filter((lines) => lines !== "");
  }
}

/** One running program. */
export interface Started {
  readonly pid: number;
  readonly port: number;
  readonly url: string;
}

/** Progress that nobody reads, of which no step begins once it is to stop. */
function silentUntil(stop: AbortSignal): Progress {
  const step: Progress["step"] = (_name, run) => {
    stop.throwIfAborted();
    return run();
  };
  return { step, report: () => undefined };
}
