import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "./config-schema.ts";
import type { BackupSettings, Exposure, ObservabilitySettings, PodSettings, StackConfig } from "./config.ts";

/** The keys of the configuration, each of which is right and none against another, by what they are about. */
export function arrange(settings: Settings): StackConfig {
  const {
    limitRequestsPerMinute: requestsPerMinute,
    limitBurst: burst,
    limitConcurrent: concurrent,
  } = settings;
  return {
    namespace: settings.namespace,
    images: {
      registry: settings.registry,
      push: settings.push,
      base: settings.imageBase,
      platform: settings.platform === "" ? undefined : settings.platform,
    },
    traefik: settings.charts.traefik,
    exposure: exposure(settings),
    limits:
      settings.limits === "off" ? "off" : { mode: settings.limits, requestsPerMinute, burst, concurrent },
    checks: settings.checks,
    limitStore: { image: settings.limitStoreImage, failure: settings.limitStoreFailure },
    pods: (name) => podSettings(settings, name),
    drills: settings.drills,
    roleRefusal: settings.roleRefusal === "401" ? 401 : 403,
    hstsSeconds: settings.hstsSeconds,
    logLevel: settings.logLevel,
    tracesEndpoint: settings.tracesEndpoint === "" ? undefined : settings.tracesEndpoint,
    adminUsername: settings.adminUsername,
    generations: generations(settings),
    database: database(settings),
    backups: backups(settings),
    observability: observability(settings),
  };
}

function backups(settings: Settings): BackupSettings | undefined {
  const { backupSchedule: schedule, backupsKept: kept, backupStorage: storage } = settings;
  return schedule === ""
    ? undefined
    : { schedule, kept, storage, storageClass: settings.databaseStorageClass };
}

function observability(settings: Settings): ObservabilitySettings | undefined {
  const { prometheus, grafana } = settings.charts;
  if (!settings.observability || prometheus === undefined || grafana === undefined) return undefined;
  return {
    prometheus,
    grafana,
    retention: settings.metricsRetention,
    storage: settings.metricsStorage,
    storageClass: settings.databaseStorageClass,
    alertmanagers: settings.alertmanagers,
  };
}

function exposure({ exposure: type, hosts, nodePortHttps, nodePortHttp }: Settings): Exposure {
  return type === "NodePort"
    ? { type, hosts, httpsPort: nodePortHttps, httpPort: nodePortHttp }
    : { type, hosts, httpsPort: 443, httpPort: 80 };
}

/** What the pods of one name have: their own settings, or else those of all. */
export function podSettings(settings: Settings, name: string): PodSettings {
  const own = Object.entries(settings.pods[name] ?? {}).filter(([, value]) => value !== undefined);
  const merged = { ...settings, ...Object.fromEntries(own) };
  const { minPods, maxPods, cpuPercent, scaleDownSeconds, cpu, memory } = merged;
  const cpuLimit = merged.cpuLimit === "" ? cpu : merged.cpuLimit;
  const memoryLimit = merged.memoryLimit === "" ? memory : merged.memoryLimit;
  return { minPods, maxPods, cpuPercent, scaleDownSeconds, cpu, memory, cpuLimit, memoryLimit };
}

function generations({ database: mode, generations: all }: Settings): StackConfig["generations"] {
  const { "database-passwords": logins, ...others } = all;
  return mode === "external" ? { ...others, "database-passwords": logins } : others;
}

function database(settings: Settings): StackConfig["database"] {
  if (settings.database === "external") {
    const ca = settings.databaseCa === "" ? undefined : settings.databaseCa;
    const logins = settings.generations["database-passwords"];
    return { mode: "external", url: pulumi.secret(settings.databaseUrl), ca, logins };
  }
  return {
    mode: "cockroachdb",
    chart: settings.charts.cockroachdb,
    nodes: settings.databaseNodes,
    storage: settings.databaseStorage,
    storageClass: settings.databaseStorageClass,
    cpu: settings.databaseCpu,
    memory: settings.databaseMemory,
    clientImage: settings.databaseClientImage,
  };
}
