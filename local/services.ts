import { execFile } from "node:child_process";
import { Agent } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { defaultLimits } from "../gateway/limits.ts";
import type { limitEnvironment } from "../services/authentication/limits/environment.ts";
import { bundle, sourceOf } from "../services/bundle.ts";
import { catalog } from "../services/catalog.ts";
import type { EnvironmentFor } from "../services/shared/config.ts";
import { addressVariable, calleesOf, servicesWithDatabase } from "../services/shared/catalog.ts";
import { REVOCATION_LEASE_MS } from "../services/shared/lifetimes.ts";
import type { CertificateAuthority } from "./certificates.ts";
import type { Database } from "./database.ts";
import type { LocalGenerations } from "./generations.ts";
import type { LocalOptions } from "./options.ts";
import { freePorts, HOST } from "./ports.ts";
import { Replica } from "./replica.ts";
import { password, writeSigningKeys } from "./secrets.ts";
import { ServiceAddress } from "./service-address.ts";
import type { StateFolder } from "./state.ts";

const run = promisify(execFile);

export const SERVICES = Object.keys(catalog) as (keyof typeof catalog)[];
type ServiceName = (typeof SERVICES)[number];

export const ADMIN_USERNAME = "admin";
export const adminPassword = (folder: StateFolder) => password(folder, "admin");

/** Milliseconds in which the gateway's health checks notice that a replica stops, or is ready again. */
const NOTICE = 1_500;

export interface ServicesContext {
  readonly folder: StateFolder;
  readonly authority: CertificateAuthority;
  readonly database: Database;
  readonly generations: LocalGenerations;
  readonly options: LocalOptions;
  readonly report: (line: string) => void;
  /** Variables of single replicas besides. */
  readonly replicaVariables?: ((replica: string) => NodeJS.ProcessEnv) | undefined;
}

/** All services of the catalog, running. */
export interface RunningServices {
  /** The address of a service as such, which any ready replica answers. */
  readonly address: (service: string) => string;
  /** The addresses of its replicas. */
  readonly replicas: (service: string) => string[];
  /**
   * Restarts the processes of these services on what certificates, keys and logins there are now: one replica of each
   * after the other, so that where there are two nobody notices.
   */
  roll(services: readonly string[]): Promise<void>;
  /** The replicas of all services as processes. */
  readonly processes: readonly Replica[];
  stop(): Promise<void>;
}

/** Bundles every service into the state folder. */
export async function bundleServices(folder: StateFolder): Promise<void> {
  await Promise.all(SERVICES.map((service) => bundle(sourceOf(service), folder.file("bundles", service))));
}

/** Brings the databases of all services up to date, each by its own migration as the cluster's Job does. */
export async function migrateServices({
  folder,
  database,
}: Pick<ServicesContext, "folder" | "database">): Promise<void> {
  await Promise.all(
    servicesWithDatabase(catalog).map((service) => {
      const env = {
        ...process.env,
        ...database.forMigration(service),
        ...(service === "authentication" ? { ADMIN_USERNAME, ADMIN_PASSWORD: adminPassword(folder) } : {}),
      };
      return run(process.execPath, [folder.file("bundles", service, "migrate.mjs")], { env });
    }),
  );
}

/** Starts every replica of every service, and an address for each service. */
export async function startServices(context: ServicesContext): Promise<RunningServices> {
  const { options, authority } = context;
  const ports = await freePorts(SERVICES.length * (options.replicas + 1));
  const addressPorts = new Map(SERVICES.map((service) => [service as string, ports.pop() ?? 0]));
  const address = (service: string) => `https://localhost:${addressPorts.get(service) ?? 0}`;
  const agent = new Agent({ keepAlive: true });

  const running = new Map<string, Replica[]>();
  const addresses: ServiceAddress[] = [];
  for (const service of SERVICES) {
    const replicas = Array.from({ length: options.replicas }, (_, index) => {
      const port = ports.pop() ?? 0;
      const name = `${service}-${index + 1}`;
      return new Replica({
        name,
        service,
        port,
        program: context.folder.file("bundles", service, "main.mjs"),
        environment: () => ({
          ...serviceVariables(service, port, address, context),
          ...context.replicaVariables?.(name),
        }),
        folder: context.folder,
        agent,
        ca: () => authority.pem,
        report: context.report,
      });
    });
    running.set(service, replicas);
    const front = new ServiceAddress(() => replicas);
    addresses.push(front);
    await front.listen(addressPorts.get(service) ?? 0);
  }
  const all = [...running.values()].flat();
  const stop = async () => {
    await Promise.all(all.map((replica) => replica.stop()));
    await Promise.all(addresses.map((front) => front.close()));
    agent.destroy();
  };
  try {
    await Promise.all(all.map((replica) => replica.start()));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    address,
    replicas: (service) => (running.get(service) ?? []).map(({ port }) => `https://${HOST}:${port}`),
    async roll(names) {
      const rolled = names.map((name) => running.get(name) ?? []);
      for (let index = 0; index < options.replicas; index++) {
        await Promise.all(rolled.flatMap((replicas) => replicas[index]?.roll() ?? []));
        await sleep(NOTICE);
      }
    },
    processes: all,
    stop,
  };
}

function serviceVariables(
  service: ServiceName,
  port: number,
  address: (service: string) => string,
  context: ServicesContext,
): NodeJS.ProcessEnv {
  const { authority, database, options } = context;
  const { certFile, keyFile } = authority.files(service);
  const callees = calleesOf(catalog, service).map(
    (callee) => [addressVariable(callee), address(callee)] as const,
  );
  return {
    PATH: process.env["PATH"],
    HOST,
    PORT: String(port),
    TLS_CA_FILE: authority.caFile,
    TLS_CERT_FILE: certFile,
    TLS_KEY_FILE: keyFile,
    ...(options.traces === undefined ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: options.traces }),
    DRILLS: options.drills ? "on" : "off",
    SHUTDOWN_DELAY_MS: String(NOTICE),
    ...(catalog[service].database ? database.forService(service) : {}),
    ...Object.fromEntries(callees),
    ...ownVariables(service, context),
  };
}

/** What single services read besides. */
function ownVariables(service: string, { folder, generations, options }: ServicesContext): NodeJS.ProcessEnv {
  switch (service) {
    case "authentication":
      return {
        SIGNING_KEYS_FILE: writeSigningKeys(folder, generations.wanted("signing-keys")),
        REVOCATION_LEASE_MS: String(options.checks === "gateway" ? REVOCATION_LEASE_MS : 0),
        ...limitVariables(options),
      };
    case "authorization":
      return { ROLE_REFUSAL_STATUS: options.roleRefusal };
    default:
      return {};
  }
}

/** The counts are in authentication's database, which all of its processes share. */
function limitVariables({ limits, limitStoreFailure, replicas }: LocalOptions) {
  return {
    LIMITS: limits === "central" ? "central" : "off",
    LIMIT_STORE_FAILURE: limitStoreFailure,
    LIMIT_REQUESTS_PER_MINUTE: String(defaultLimits.requestsPerMinute),
    LIMIT_BURST: String(defaultLimits.burst),
    LIMIT_PROCESSES: String(replicas),
    // The database shares this machine with everything else.
    LIMIT_STORE_TIMEOUT_MS: "500",
  } satisfies Partial<EnvironmentFor<typeof limitEnvironment>>;
}
