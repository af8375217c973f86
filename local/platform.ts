import { issueCertificates } from "./certificate-list.ts";
import { embeddedDatabase, externalDatabase } from "./database.ts";
import { startDashboard } from "./dashboard/server.ts";
import { LocalError } from "./error.ts";
import { startGateway } from "./gateway.ts";
import { LocalGenerations } from "./generations.ts";
import type { LocalOptions } from "./options.ts";
import { startControl } from "./control.ts";
import { TO_DASHBOARD } from "./options.ts";
import { claimPort, freePorts, HOST } from "./ports.ts";
import type { Progress } from "./progress.ts";
import { Rotation } from "./rotation.ts";
import { writeScrapeConfiguration } from "./scraping.ts";
import {
  ADMIN_USERNAME,
  adminPassword,
  bundleServices,
  migrateServices,
  SERVICES,
  startServices,
} from "./services.ts";
import type { RunningServices } from "./services.ts";
import { DATABASE_ACCESS, StateFolder } from "./state.ts";
import { findTraefik } from "./traefik.ts";

/** What tests and clients need to know of a platform; the stack exports the same. */
export interface Outputs {
  readonly gatewayUrl: string;
  /** Where plain HTTP is redirected from. */
  readonly gatewayHttpUrl: string;
  /** The CA's certificate in PEM. */
  readonly gatewayCa: string;
  readonly adminUsername: string;
  readonly adminPassword: string;
  readonly limits: LocalOptions["limits"];
}

/** Something that listens on 127.0.0.1. */
export interface Listener {
  /** `gateway`, `orders-1`, `postgres`. */
  readonly name: string;
  readonly port: number;
  /** The protocol in which a client asks for TLS first; undefined where TLS comes first. */
  readonly startTls?: "postgres";
}

export interface Platform {
  readonly outputs: Outputs;
  readonly outputsFile: string;
  readonly caFile: string;
  /** Where the dashboard is, with the token that opens it; undefined where it is off. */
  readonly dashboardUrl: string | undefined;
  /** Every door that speaks TLS. */
  readonly listeners: readonly Listener[];
  /** Stops everything that was started, the gateway first. */
  stop(): Promise<void>;
}

/** What tests give a platform besides. */
export interface PlatformExtras {
  /** Settings of the embedded database. */
  readonly postgresSettings?: Readonly<Record<string, string>>;
  /** Variables of single replicas, such as `authentication-2`. */
  readonly replicaVariables?: (replica: string) => NodeJS.ProcessEnv;
}

/** Starts the whole platform. Where a step fails, what the earlier ones started is stopped again. */
export async function startPlatform(
  wanted: LocalOptions,
  progress: Progress,
  extras: PlatformExtras = {},
): Promise<Platform> {
  const { step } = progress;
  const started: { stop(): Promise<void> }[] = [];
  const stop = async () => {
    for (const part of started.reverse().splice(0)) await part.stop();
  };
  try {
    const port = await claimPort(wanted.port, "--port");
    const httpPort = await portFor(wanted, "--http-port", wanted.httpPort, 8080);
    const dashboardPort = await dashboardPortFor(wanted);
    const options = { ...wanted, traces: tracesFor(wanted, dashboardPort) };
    const folder = await StateFolder.open(options.state);
    started.push({
      stop: () => {
        folder.close();
        return Promise.resolve();
      },
    });

    const bundled = bundleServices(folder);
    const traefikFound = findTraefik();
    bundled.catch(() => undefined);
    traefikFound.catch(() => undefined);
    // It writes to the folder, which whoever stopped a start may remove.
    started.push({ stop: () => bundled.catch(() => undefined) });

    const generations = new LocalGenerations(folder);
    const authority = await step("certificates", () => issueCertificates(folder, generations.wanted("ca")));
    const database = await step("database", () =>
      options.databaseUrl === undefined
        ? embeddedDatabase(folder, authority, {
            settings: extras.postgresSettings ?? {},
            report: progress.report,
          })
        : externalDatabase(folder, options.databaseUrl, () => generations.wanted("database-passwords")),
    );
    started.push(database);
    folder.write(DATABASE_ACCESS, JSON.stringify(database.administrator));
    await step("bundles", () => bundled);
    await step("migrations", () => migrateServices({ folder, database }));
    const services = await step(`services (${SERVICES.length} x ${options.replicas})`, () =>
      startServices({
        ...{ folder, authority, database, generations, options },
        report: progress.report,
        replicaVariables: extras.replicaVariables,
      }),
    );
    started.push(services);
    const traefik = await step("Traefik", () => traefikFound);
    const [metricsPort = 0] = await freePorts(1);
    const context = {
      folder,
      authority,
      services,
      options,
      traefik,
      port,
      httpPort,
      metricsPort,
      report: progress.report,
    };
    const gateway = await step("gateway", () => startGateway(context));
    started.push(gateway);
    writeScrapeConfiguration(context);

    const outputsNow = (): Outputs => ({
      gatewayUrl: `https://localhost:${port}`,
      gatewayHttpUrl: `http://localhost:${httpPort}`,
      gatewayCa: authority.pem,
      adminUsername: ADMIN_USERNAME,
      adminPassword: adminPassword(folder),
      limits: options.limits,
    });
    const writeOutputs = (outputs: Outputs) =>
      folder.write("outputs.json", `${JSON.stringify(outputs, null, 2)}\n`);
    const parts = { folder, generations, authority, database, services, gateway };
    const rotation = new Rotation({ ...parts, onAuthorityChange: () => writeOutputs(outputsNow()) });
    const control = await startControl(folder, rotation).catch((error: unknown) =>
      progress.report(`npm run rotate cannot reach this platform: ${(error as Error).message}`),
    );
    if (control !== undefined) started.push(control);

    const outputs = outputsNow();
    const outputsFile = writeOutputs(outputs);
    const dashboard =
      dashboardPort === undefined
        ? undefined
        : await startDashboard({
            ...context,
            port: dashboardPort,
            gateway: gateway.process,
            outputs,
            options: wanted,
          });
    if (dashboard !== undefined) started.push(dashboard);
    const listeners = [{ name: "gateway", port }, ...replicaListeners(services), ...database.listeners];
    const dashboardUrl = dashboard?.url;
    return { outputs, outputsFile, caFile: authority.caFile, dashboardUrl, listeners, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function replicaListeners(services: RunningServices): Listener[] {
  return SERVICES.flatMap((service) =>
    services.replicas(service).map((url, index) => {
      return { name: `${service}-${index + 1}`, port: Number(new URL(url).port) };
    }),
  );
}

/** The wanted port or, where nobody asked for one, the usual one, or where that is taken, any. */
async function portFor(
  { port }: LocalOptions,
  flag: string,
  wanted: number | undefined,
  usual: number,
): Promise<number> {
  if (wanted !== undefined) return claimPort(wanted, flag);
  if (port === 0) return claimPort(0, flag);
  return claimPort(usual, flag).catch(() => claimPort(0, flag));
}

/** Undefined where the dashboard is off. */
async function dashboardPortFor(options: LocalOptions): Promise<number | undefined> {
  const { dashboardPort: wanted, traces } = options;
  if (wanted !== "off") return portFor(options, "--dashboard-port", wanted, 8081);
  if (traces === TO_DASHBOARD)
    throw new LocalError("traces cannot go to a dashboard that is off: leave out one of the two flags");
  return undefined;
}

/** Base URL of the collector. */
function tracesFor({ traces }: LocalOptions, dashboardPort = 0): string | undefined {
  return traces === TO_DASHBOARD ? `http://${HOST}:${dashboardPort}` : traces;
}
