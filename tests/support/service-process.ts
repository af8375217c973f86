import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import { once } from "node:events";
import type { ClientHttp2Session } from "node:http2";
import { connect as connectHttp2 } from "node:http2";
import { request } from "node:https";
import type { RequestOptions } from "node:https";
import { join } from "node:path";
import { freePorts } from "../../local/ports.ts";
import type { Identity, TestCertificates } from "./certificates.ts";
import type { Report } from "./tiny-service.ts";

export const HOST = "127.0.0.1";

export interface Answer {
  readonly status: number | undefined;
  readonly body: unknown;
}

/** The service of tiny-service.ts as a process of its own, with a certificate as `orders`. */
export class TestProcess {
  readonly port: number;
  readonly child: ChildProcess;
  /** Resolves with the exit code. */
  readonly exit: Promise<number | null>;
  readonly reports: Report[] = [];
  readonly #ca: string;
  #words = "";

  private constructor(port: number, child: ChildProcess, ca: string) {
    this.port = port;
    this.child = child;
    this.#ca = ca;
    this.exit = once(child, "exit").then(([code]) => code as number | null);
    child.on("message", (report) => this.reports.push(report as Report));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.#words += text));
  }

  static async start(
    certificates: TestCertificates,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<TestProcess> {
    const { certFile, keyFile } = await certificates.files("orders");
    const [port = 0] = await freePorts(1);
    const child = fork(join(import.meta.dirname, "tiny-service.ts"), {
      execArgv: [],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      env: {
        HOST,
        PORT: String(port),
        TLS_CA_FILE: certificates.caFile,
        TLS_CERT_FILE: certFile,
        TLS_KEY_FILE: keyFile,
        LOG_LEVEL: "silent",
        ...environment,
      },
    });
    const started = new TestProcess(port, child, certificates.ca);
    await started.told("serving", 1);
    return started;
  }

  /** Resolves once the process has told something so many times. */
  async told(report: Report, times: number): Promise<void> {
    const ended = this.exit.then((code) => {
      throw new Error(
        `the process ended with ${code ?? "a signal"} before it told "${report}": ${this.#words}`,
      );
    });
    ended.catch(() => undefined);
    while (this.reports.filter((one) => one === report).length < times)
      await Promise.race([once(this.child, "message"), ended]);
  }

  /** Ends the process where it still runs. */
  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill("SIGKILL");
    await this.exit;
  }

  /** One request over HTTP/1.1, on a connection of its own where no agent is given. */
  http1(path: string, identity?: Identity, options: RequestOptions = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: HOST,
          port: this.port,
          path,
          servername: "orders",
          ca: this.#ca,
          agent: false,
          ...identity,
          ...options,
        },
        (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
          response.on("end", () => resolve({ status: response.statusCode, body: parsed(text) }));
          response.on("error", reject);
        },
      );
      sent.on("error", reject).end();
    });
  }

  /** A connection over HTTP/2. */
  async http2(identity?: Identity): Promise<ClientHttp2Session> {
    const session = connectHttp2(`https://${HOST}:${this.port}`, {
      servername: "orders",
      ca: this.#ca,
      ...identity,
    });
    await once(session, "connect");
    return session;
  }
}

/** One request on a connection over HTTP/2. */
export function ask(session: ClientHttp2Session, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ":path": path });
    let status: number | undefined;
    let text = "";
    stream.on("response", (headers) => (status = headers[":status"]));
    stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    stream.on("end", () => resolve({ status, body: parsed(text) })).on("error", reject);
  });
}

function parsed(text: string): unknown {
  return text === "" ? undefined : JSON.parse(text);
}
