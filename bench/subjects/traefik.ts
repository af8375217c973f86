import { fileURLToPath } from "node:url";
import type { Checks } from "../../gateway/checks.ts";
import { sessionsPluginOptions } from "../../gateway/checks.ts";
import { gatewayConfiguration } from "../../gateway/configuration.ts";
import {
  entryPointHttp,
  entryPointHttp2,
  entryPointTransport,
  SECURE_ENTRY_POINT,
} from "../../gateway/entrypoints.ts";
import { renderFile } from "../../gateway/file.ts";
import {
  accessLogOptions,
  latencyBuckets,
  METRICS_ENTRY_POINT,
  prometheusOptions,
} from "../../gateway/observability.ts";
import { runtimeEnvironment } from "../../gateway/runtime.ts";
import type { Access } from "../../services/shared/catalog.ts";
import { defineCatalog } from "../../services/shared/catalog.ts";
import type { Stage, Started } from "../stage.ts";
import { PATH } from "../stage.ts";
import type { Subject } from "../subject.ts";
import { startUpstream } from "./direct.ts";

export const traefik: Subject = {
  name: "traefik",
  what: "Traefik alone in front of the bare service",
  guarantee: "none",
  start: (stage) => behindTraefik(stage, "traefik", [], {}),
};

export const forwardAuth: Subject = {
  name: "forward-auth",
  what: "Traefik with our ForwardAuth and nothing else",
  guarantee: "revocation",
  start: (stage) => behindTraefik(stage, "forward-auth", stage.checks, { check: authenticationUrl(stage) }),
};

/** The folder from which Traefik reads `plugins-local/`. */
const GATEWAY = fileURLToPath(new URL("../../gateway", import.meta.url));

/** Our gateway as it is: all middlewares, limits that count but refuse nobody here, access log and metrics. */
function gateway(name: string, what: string, access: Access, checks: Checks = "service"): Subject {
  return {
    name,
    what,
    guarantee: access === "public" ? "none" : "revocation",
    async start(stage) {
      const upstream = await startUpstream(stage, name);
      const proxy = await startTraefik(
        stage,
        name,
        wholeGateway(stage, upstream, access, checks),
        staticOptions(stage, name, checks),
      );
      return running([proxy, upstream], access === "public" ? [] : stage.checks);
    },
  };
}

export const publicRoute = gateway(
  "gateway-public",
  "our whole gateway with limits: a public route",
  "public",
);
export const userRoute = gateway(
  "gateway",
  "our whole gateway with limits: the route of a signed-in user",
  "user",
);

export const rememberingRoute = gateway(
  "plugin",
  "our whole gateway with limits, which remembers sessions: the same route",
  "user",
  "gateway",
);

/** What our gateway has besides its routes. */
function staticOptions(stage: Stage, name: string, checks: Checks): TraefikOptions {
  return {
    entryPoint: { http: entryPointHttp, http2: entryPointHttp2, transport: entryPointTransport },
    accessLog: { ...accessLogOptions(checks), filePath: stage.file(`logs/bench-${name}-access.log`) },
    metrics: { prometheus: { ...prometheusOptions, buckets: latencyBuckets } },
    ...(checks === "gateway" ? { experimental: sessionsPluginOptions } : {}),
    environment: runtimeEnvironment,
  };
}

function wholeGateway(stage: Stage, upstream: Started, access: Access, checks: Checks): object {
  const catalog = defineCatalog({ products: { routes: { [`GET ${PATH}`]: access } } });
  const configuration = gatewayConfiguration(catalog, {
    limits: { mode: "per-gateway", requestsPerMinute: 60_000_000, burst: 1_000_000, concurrent: 10_000 },
    drills: false,
    hstsSeconds: 0,
    checks,
    forwardAuthAddress: () => authenticationUrl(stage),
  });
  return renderFile(configuration, {
    ca: stage.ca,
    certificate: (name) => certificateFiles(stage, name),
    edge: certificateFiles(stage, "edge"),
    servers: () => [upstream.url],
    healthCheck: { path: "/health/ready", interval: "1s", timeout: "3s" },
  });
}

/** Traefik as little configured as it can be, with or without a check. */
async function behindTraefik(
  stage: Stage,
  name: string,
  checks: readonly number[],
  options: { check?: string },
) {
  const upstream = await startUpstream(stage, name);
  const proxy = await startTraefik(stage, name, plainTraefik(stage, upstream.url, options.check), {});
  return running([proxy, upstream], checks);
}

/** Traefik's dynamic configuration for one route to one service. @param check base URL that ForwardAuth asks */
export function plainTraefik(stage: Stage, upstream: string, check: string | undefined): object {
  const client = certificateFiles(stage, "gateway");
  const authenticate = {
    forwardAuth: {
      address: `${check ?? ""}/validate`,
      authRequestHeaders: ["Authorization", "Cookie"],
      authResponseHeaders: ["X-User-ID"],
      maxResponseBodySize: 2048,
      tls: { ca: stage.ca, cert: client.certFile, key: client.keyFile },
    },
  };
  return {
    http: {
      routers: {
        products: {
          rule: `Path(\`${PATH}\`)`,
          entryPoints: [SECURE_ENTRY_POINT],
          service: "products",
          tls: {},
          ...(check === undefined ? {} : { middlewares: ["authenticate"] }),
        },
      },
      ...(check === undefined ? {} : { middlewares: { authenticate } }),
      services: {
        products: { loadBalancer: { servers: [{ url: upstream }], serversTransport: "products" } },
      },
      serversTransports: {
        products: {
          serverName: "products",
          rootCAs: [stage.ca],
          disableHTTP2: true,
          maxIdleConnsPerHost: 64,
        },
      },
    },
    tls: { stores: { default: { defaultCertificate: certificateFiles(stage, "edge") } } },
  };
}

interface TraefikOptions {
  readonly entryPoint?: object;
  readonly accessLog?: object;
  readonly metrics?: object;
  readonly experimental?: object;
  readonly environment?: NodeJS.ProcessEnv;
}

/** Starts Traefik on a dynamic configuration. */
export async function startTraefik(
  stage: Stage,
  name: string,
  dynamic: object,
  options: TraefikOptions,
): Promise<Started> {
  const { entryPoint, environment, ...rest } = options;
  const port = await stage.freePort();
  const dynamicFile = stage.write(`bench-${name}-dynamic.yml`, dynamic);
  const staticFile = stage.write(`bench-${name}-static.yml`, {
    global: { checkNewVersion: false, sendAnonymousUsage: false },
    log: { level: "WARN" },
    entryPoints: {
      [SECURE_ENTRY_POINT]: { address: `127.0.0.1:${port}`, ...entryPoint },
      [METRICS_ENTRY_POINT]: { address: `127.0.0.1:${await stage.freePort()}` },
    },
    providers: { file: { filename: dynamicFile } },
    ...rest,
  });
  return stage.start(
    name,
    port,
    ["env", "-C", GATEWAY, stage.traefik, `--configFile=${staticFile}`],
    environment,
  );
}

/** A subject of a gateway and what stands behind it. */
export function running(programs: readonly [Started, ...Started[]], checks: readonly number[]) {
  return { url: programs[0].url, processes: [...programs.map(({ pid }) => pid), ...checks] };
}

function authenticationUrl(stage: Stage): string {
  return `https://localhost:${stage.port("authentication-1")}`;
}

function certificateFiles(stage: Stage, name: string) {
  const { cert, key } = stage.certificate(name);
  return { certFile: cert, keyFile: key };
}
