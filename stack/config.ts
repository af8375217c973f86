import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import type { Checks } from "../gateway/checks.ts";
import { contradiction } from "../gateway/checks.ts";
import type { Limits } from "../gateway/limits.ts";
import type { AllGenerations, Generations, Ring } from "../rotation/ring.ts";
import { arrange, podSettings } from "./arrange-config.ts";
import type { Settings } from "./config-schema.ts";
import { schema, STRUCTURED } from "./config-schema.ts";

/** What the pods of one service, or of the gateway, ask for and how many there are. */
export interface PodSettings {
  readonly minPods: number;
  readonly maxPods: number;
  readonly cpuPercent: number;
  readonly scaleDownSeconds: number;
  readonly cpu: string;
  readonly memory: string;
  readonly cpuLimit: string;
  readonly memoryLimit: string;
}

/** Where a chart is: a name in a repository, an OCI address or a local folder. */
export interface ChartLocation {
  readonly chart: string;
  readonly repository?: string | undefined;
  readonly version?: string | undefined;
}

export interface CockroachSettings {
  readonly mode: "cockroachdb";
  readonly chart: ChartLocation;
  readonly nodes: number;
  readonly storage: string;
  readonly storageClass: string;
  readonly cpu: string;
  readonly memory: string;
  readonly clientImage: string;
}

/** Prometheus and Grafana. */
export interface ObservabilitySettings {
  readonly prometheus: ChartLocation;
  readonly grafana: ChartLocation;
  /** How long metrics are kept, such as 15d. */
  readonly retention: string;
  readonly storage: string;
  readonly storageClass: string;
  /** Addresses (`host:port`) that alerts are sent to. */
  readonly alertmanagers: readonly string[];
}

/** Backups of all databases to a volume. */
export interface BackupSettings {
  /** When, as cron writes it, in UTC. */
  readonly schedule: string;
  /** How many there are at most. */
  readonly kept: number;
  readonly storage: string;
  readonly storageClass: string;
}

export interface ExternalDatabaseSettings {
  readonly mode: "external";
  readonly url: pulumi.Output<string>;
  readonly ca: string | undefined;
  /** Generations of the services' passwords, the one in use first. */
  readonly logins: Ring;
}

export interface StackConfig {
  readonly namespace: string;
  readonly images: { registry: string; push: boolean; base: string; platform: string | undefined };
  readonly traefik: ChartLocation;
  readonly exposure: Exposure;
  readonly limits: Limits | "off";
  /** Where it is checked who is signed in. */
  readonly checks: Checks;
  /** The store of central limits, and what happens without it. */
  readonly limitStore: { readonly image: string; readonly failure: "local" | "open" | "closed" };
  readonly pods: (name: string) => PodSettings;
  readonly drills: boolean;
  readonly roleRefusal: 401 | 403;
  readonly hstsSeconds: number;
  readonly logLevel: string;
  /** Base URL of the collector that traces go to. */
  readonly tracesEndpoint: string | undefined;
  readonly adminUsername: string;
  /** How far every kind of secret is rotated that this stack has. */
  readonly generations: Generations & Pick<AllGenerations, "ca" | "leaves" | "signing-keys">;
  readonly database: CockroachSettings | ExternalDatabaseSettings;
  readonly backups: BackupSettings | undefined;
  readonly observability: ObservabilitySettings | undefined;
}

export interface Exposure {
  readonly type: "LoadBalancer" | "NodePort";
  /** Names and addresses that clients use, beside the load balancer's own. */
  readonly hosts: readonly string[];
  readonly httpsPort: number;
  readonly httpPort: number;
}

/** The configuration is wrong; the message names every such key. */
export class ConfigError extends pulumi.RunError {}

/**
 * Reads the stack's configuration once. The defaults are those of Pulumi.yaml.
 * @param known names that `gatehouse:pods` may speak of: the services and the gateway
 * @throws ConfigError that names each wrong key and says what is expected, without the values
 */
export function readConfig(known: readonly string[], config = new pulumi.Config("gatehouse")): StackConfig {
  const raw = Object.fromEntries(
    Object.keys(schema.shape).map((key) => [
      key,
      STRUCTURED.includes(key) ? config.getObject<unknown>(key) : config.get(key),
    ]),
  );
  const result = schema.safeParse(raw);
  const problems = result.success ? contradictions(result.data, known) : result.error.issues.map(describe);
  if (!result.success || problems.length > 0) throw new ConfigError(problems.join("\n"));
  return arrange(result.data);
}

/** What the outputs say of the limits, in the words of the local platform. */
export function limitsOutput({ limits }: Pick<StackConfig, "limits">): "on" | "off" | "central" {
  if (limits === "off") return "off";
  return limits.mode === "central" ? "central" : "on";
}

function describe(issue: z.core.$ZodIssue): string {
  return `gatehouse:${issue.path.join(".")}: ${issue.message}`;
}

/** What each key allows by itself but the keys together do not. */
function contradictions(settings: Settings, known: readonly string[]): string[] {
  const problems: string[] = [];
  const contrary = contradiction(settings.checks, settings.limits);
  if (contrary !== undefined) problems.push(`gatehouse:checks: ${contrary}`);
  if (settings.exposure === "NodePort" && settings.hosts.length === 0)
    problems.push("gatehouse:hosts: with exposure NodePort, name at least one address of a node");
  if (settings.database === "external" && settings.databaseUrl === "")
    problems.push("gatehouse:databaseUrl: with database external, set it with --secret");
  if (settings.database === "cockroachdb" && settings.generations["database-passwords"].join() !== "1")
    problems.push("gatehouse:generations.database-passwords: CockroachDB has no passwords, rotate leaves");
  for (const name of ["prometheus", "grafana"] as const) {
    if (settings.observability && settings.charts[name] === undefined)
      problems.push(`gatehouse:charts.${name}: with observability, say where this chart is`);
  }
  for (const name of Object.keys(settings.pods)) {
    if (!known.includes(name))
      problems.push(`gatehouse:pods.${name}: no such service; expected one of ${known.join(", ")}`);
  }
  for (const name of known) {
    const { minPods, maxPods } = podSettings(settings, name);
    if (minPods > maxPods)
      problems.push(`gatehouse:minPods: ${minPods} is more than maxPods (${maxPods}) for ${name}`);
  }
  return problems;
}
