import { readFileSync } from "node:fs";
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
const PLUGINS = new URL("..", import.meta.url).pathname;

/** What a check costs that asks nobody: the user's route with tokens verified inside Traefik. */
export const plugin: Subject = {
  name: "plugin",
  what: "our whole gateway, but with tokens verified by a plugin in Traefik, which sees no revocation",
  guarantee: "token",
  async start(stage) {
    const upstream = await startUpstream(stage, "plugin");
    const { http, ...rest } = wholeGateway(stage, upstream, "user");
    const authenticate = { plugin: { identity: { keys: publicKeys(stage) } } };
    const middlewares = { ...http.middlewares, authenticate };
    const proxy = await startTraefik(
      stage,
      "plugin",
      { http: { ...http, middlewares }, ...rest },
      {
        ...staticOptions(stage, "plugin"),
        experimental: { localPlugins: { identity: { moduleName: "gatehouse/identity" } } },
      },
    );
    return running([proxy, upstream], []);
  },
};

/** Our gateway as it is: all middlewares, limits that count but refuse nobody here, access log and metrics. */
function gateway(name: string, what: string, access: Access): Subject {
  return {
    name,
    what,
    guarantee: access === "public" ? "none" : "revocation",
    async start(stage) {
      const upstream = await startUpstream(stage, name);
      const proxy = await startTraefik(
        stage,
        name,
        wholeGateway(stage, upstream, access),
        staticOptions(stage, name),
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

/** The keys that tokens are verified with, as text. */
function publicKeys(stage: Stage): string {
  const { keys } = JSON.parse(readFileSync(stage.signingKeys, "utf8")) as {
    keys: { kid: string; x: string; y: string }[];
  };
  return JSON.stringify({ keys: keys.map(({ kid, x, y }) => ({ kid, x, y })) });
}

/** What our gateway has besides its routes. */
function staticOptions(stage: Stage, name: string): TraefikOptions {
  return {
    entryPoint: { http: entryPointHttp, http2: entryPointHttp2, transport: entryPointTransport },
    accessLog: { ...accessLogOptions, filePath: stage.file(`logs/bench-${name}-access.log`) },
    metrics: { prometheus: { ...prometheusOptions, buckets: latencyBuckets } },
    environment: runtimeEnvironment,
  };
}

function wholeGateway(
  stage: Stage,
  upstream: Started,
  access: Access,
): { readonly http: { readonly middlewares: object } } {
  const catalog = defineCatalog({ products: { routes: { [`GET ${PATH}`]: access } } });
  const configuration = gatewayConfiguration(catalog, {
    limits: { mode: "per-gateway", requestsPerMinute: 60_000_000, burst: 1_000_000, concurrent: 10_000 },
    drills: false,
    hstsSeconds: 0,
    forwardAuthAddress: () => authenticationUrl(stage),
  });
  const file = renderFile(configuration, {
    ca: stage.ca,
    certificate: (name) => certificateFiles(stage, name),
    edge: certificateFiles(stage, "edge"),
    servers: () => [upstream.url],
    healthCheck: { path: "/health/ready", interval: "1s", timeout: "3s" },
  });
  return file as { readonly http: { readonly middlewares: object } };
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
    ["env", "-C", PLUGINS, stage.traefik, `--configFile=${staticFile}`],
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
