import { X509Certificate } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { request } from "node:https";
import { connect } from "node:tls";
import { fileURLToPath } from "node:url";
import { sessionsPluginOptions } from "../gateway/checks.ts";
import type { GatewayOptions } from "../gateway/configuration.ts";
import { gatewayConfiguration } from "../gateway/configuration.ts";
import {
  entryPointHttp,
  entryPointHttp2,
  entryPointTransport,
  REDIRECT_ENTRY_POINT,
  SECURE_ENTRY_POINT,
} from "../gateway/entrypoints.ts";
import { renderFile } from "../gateway/file.ts";
import { defaultLimits } from "../gateway/limits.ts";
import {
  accessLogOptions,
  latencyBuckets,
  METRICS_ENTRY_POINT,
  prometheusOptions,
  tracingOptions,
} from "../gateway/observability.ts";
import { runtimeEnvironment } from "../gateway/runtime.ts";
import { catalog } from "../services/catalog.ts";
import { allRoutes } from "../services/shared/catalog.ts";
import { EDGE } from "./certificate-list.ts";
import type { CertificateAuthority } from "./certificates.ts";
import { LocalError } from "./error.ts";
import type { LocalOptions } from "./options.ts";
import type { WatchedProcess } from "./kept-process.ts";
import { KeptProcess } from "./kept-process.ts";
import { HOST } from "./ports.ts";
import { startProcess } from "./processes.ts";
import type { RunningServices } from "./services.ts";
import type { StateFolder } from "./state.ts";
import { lastLines, waitFor } from "./wait.ts";

/** Where Traefik runs: it reads `plugins-local/` there. */
const cwd = fileURLToPath(new URL("../gateway", import.meta.url));

/** What Traefik may take of this machine's memory before it collects garbage more often. */
const GOMEMLIMIT = "256MiB";

export interface GatewayContext {
  readonly folder: StateFolder;
  readonly authority: CertificateAuthority;
  readonly services: Pick<RunningServices, "address" | "replicas">;
  readonly options: LocalOptions;
  /** Path of Traefik. */
  readonly traefik: string;
  readonly port: number;
  readonly httpPort: number;
  /** Where the gateway shows its metrics, without TLS: on this machine alone. */
  readonly metricsPort: number;
  /** Told when the gateway ended by itself. */
  readonly report: (line: string) => void;
}

export interface RunningGateway {
  readonly process: WatchedProcess;
  /**
   * Takes the certificates that there are now. The edge's must be a new one: that clients see it shows that all of the
   * configuration was taken.
   */
  reload(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts Traefik on the catalog's configuration and resolves once every route answers. */
export async function startGateway(context: GatewayContext): Promise<RunningGateway> {
  const { folder, traefik } = context;
  mkdirSync(folder.file("traefik"), { recursive: true, mode: 0o700 });
  const dynamicFile = writeDynamic(context);
  const staticFile = folder.write(
    "traefik/static.yml",
    JSON.stringify(staticConfiguration(context, dynamicFile), null, 2),
  );
  const log = folder.file("logs/gateway.log");
  const env = { ...process.env, ...runtimeEnvironment, GOMEMLIMIT };
  const gateway = new KeptProcess({
    name: "gateway",
    signal: "SIGTERM",
    spawn: () => startProcess(traefik, [`--configFile=${staticFile}`], { log, env, cwd }),
    folder,
    report: context.report,
  });
  await gateway
    .start(() => everythingAnswers(context))
    .catch((error: unknown) => {
      throw new LocalError(`${(error as Error).message}; the end of ${log}:\n${lastLines(log)}`);
    });
  return {
    process: gateway,
    async reload() {
      writeDynamic(context);
      await waitFor("the gateway showing its new certificate", 20_000, () => showsItsCertificate(context));
      await everythingAnswers(context);
    },
    stop: () => gateway.stop(),
  };
}

/** JSON is YAML, which is the one of the two that Traefik reads. */
function writeDynamic(context: GatewayContext): string {
  return context.folder.write("traefik/dynamic.yml", JSON.stringify(dynamicConfiguration(context), null, 2));
}

function dynamicConfiguration({ authority, services, options }: GatewayContext): object {
  const gateway = gatewayConfiguration(catalog, {
    limits: limitsOf(options),
    checks: options.checks,
    drills: options.drills,
    // Browsers would demand HTTPS of every other program on localhost.
    hstsSeconds: 0,
    forwardAuthAddress: services.address,
  });
  return renderFile(gateway, {
    ca: authority.caFile,
    certificate: (name) => authority.files(name),
    edge: authority.files(EDGE),
    servers: services.replicas,
    healthCheck: { path: "/health/ready", interval: "1s", timeout: "3s" },
  });
}

function limitsOf({ limits }: LocalOptions): GatewayOptions["limits"] {
  if (limits === "off") return "off";
  return { ...defaultLimits, mode: limits === "on" ? "per-gateway" : "central" };
}

function staticConfiguration(
  { folder, port, httpPort, metricsPort, options }: GatewayContext,
  dynamicFile: string,
): object {
  return {
    global: { checkNewVersion: false, sendAnonymousUsage: false },
    log: { level: "WARN", format: "json" },
    accessLog: { ...accessLogOptions(options.checks), filePath: folder.file("logs/access.log") },
    entryPoints: {
      [SECURE_ENTRY_POINT]: {
        address: `${HOST}:${port}`,
        http: entryPointHttp,
        http2: entryPointHttp2,
        transport: entryPointTransport,
      },
      [REDIRECT_ENTRY_POINT]: {
        address: `${HOST}:${httpPort}`,
        http: { ...entryPointHttp, redirections: { entryPoint: { to: `:${port}`, scheme: "https" } } },
      },
      [METRICS_ENTRY_POINT]: { address: `${HOST}:${metricsPort}` },
    },
    ...(options.traces === undefined ? {} : { tracing: tracingOptions(options.traces) }),
    ...(options.checks === "gateway" ? { experimental: sessionsPluginOptions } : {}),
    metrics: { prometheus: { ...prometheusOptions, buckets: latencyBuckets } },
    providers: {
      file: { filename: dynamicFile },
      // With Traefik's default of 2 s its own routers come first, and for a moment it shows a certificate of its making.
      providersThrottleDuration: "0s",
    },
  };
}

/** Every service answers through the gateway, and the check of tokens does. */
async function everythingAnswers({ authority, port }: GatewayContext): Promise<void> {
  const open = allRoutes(catalog, { drills: false }).filter(
    ({ access, method }) => access === "public" && method === "GET",
  );
  const expected = [
    ...open.map(({ path }) => ({ path, status: 200 })),
    { path: "/authentication/whoami", status: 401 },
  ];
  await Promise.all(
    expected.map(({ path, status }) =>
      waitFor(`${status} from the gateway's ${path}`, 20_000, async () => {
        return (await statusOf({ port, path, ca: authority.pem })) === status;
      }),
    ),
  );
}

function statusOf(options: { port: number; path: string; ca: string }): Promise<number | undefined> {
  return new Promise((resolve) => {
    const get = request({ ...options, host: HOST, servername: "localhost", timeout: 2_000 }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    get.on("error", () => resolve(undefined));
    get.on("timeout", () => get.destroy());
    get.end();
  });
}

function showsItsCertificate({ authority, port }: GatewayContext): Promise<boolean> {
  const { raw: expected } = new X509Certificate(readFileSync(authority.files(EDGE).certFile));
  return new Promise((resolve) => {
    const socket = connect({ port, host: HOST, servername: "localhost", ca: authority.pem });
    socket.once("secureConnect", () => resolve(socket.getPeerCertificate().raw.equals(expected)));
    socket.once("secureConnect", () => socket.destroy());
    socket.once("error", () => resolve(false));
  });
}
