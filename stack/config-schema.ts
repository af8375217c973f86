import { z } from "zod";
import { allGenerationsText } from "../rotation/ring.ts";

const text = z.string().min(1);
const count = z.coerce.number().int().min(1);
const port = z.coerce.number().int().min(1).max(65535);
const matching = (pattern: RegExp, what: string) =>
  z.string().regex(pattern, `expected ${what}`).describe(what);
const cpuQuantity = matching(/^\d+(\.\d+)?m?$/, "an amount of CPU, such as 250m or 1.5");
const byteQuantity = matching(/^\d+(Ki|Mi|Gi|Ti)$/, "an amount of bytes, such as 128Mi");
const orEmpty = <T extends z.ZodType>(schema: T) => z.union([z.literal(""), schema]);

const podKeys = {
  minPods: count,
  maxPods: count,
  cpuPercent: z.coerce.number().int().min(1).max(100),
  scaleDownSeconds: z.coerce.number().int().min(0).max(3600),
  cpu: cpuQuantity,
  memory: byteQuantity,
  cpuLimit: orEmpty(cpuQuantity),
  memoryLimit: orEmpty(byteQuantity),
};
const chart = z.strictObject({ chart: text, repository: text.optional(), version: text.optional() });

/** What each key may be; docs/configuration.md is made from it. */
export const schema = z.object({
  ...podKeys,
  namespace: matching(/^[a-z][a-z0-9-]{0,40}$/, "a namespace: lower-case letters, digits, -"),
  registry: text,
  push: z.stringbool(),
  imageBase: text,
  platform: z.string(),
  charts: z.strictObject({
    traefik: chart,
    cockroachdb: chart,
    prometheus: chart.optional(),
    grafana: chart.optional(),
  }),
  exposure: z.enum(["LoadBalancer", "NodePort"]),
  hosts: z.array(text),
  nodePortHttps: port,
  nodePortHttp: port,
  limits: z.enum(["per-gateway", "central", "off"]),
  limitRequestsPerMinute: count,
  limitBurst: count,
  limitConcurrent: count,
  limitStoreFailure: z.enum(["local", "open", "closed"]),
  limitStoreImage: text,
  checks: z.enum(["service", "gateway"]),
  pods: z.record(z.string(), z.strictObject(podKeys).partial()),
  drills: z.stringbool(),
  roleRefusal: z.literal(["401", "403"]),
  hstsSeconds: z.coerce.number().int().min(0),
  tracesEndpoint: orEmpty(z.url({ protocol: /^https?$/ })),
  logLevel: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]),
  adminUsername: z.string().min(3),
  generations: allGenerationsText.describe(
    "for each kind the accepted generations, the one in use first: `1`, `1,2`, `2,1`",
  ),
  database: z.enum(["cockroachdb", "external"]),
  databaseNodes: count,
  databaseStorage: byteQuantity,
  databaseStorageClass: z.string(),
  databaseCpu: cpuQuantity,
  databaseMemory: byteQuantity,
  databaseClientImage: text,
  backupSchedule: orEmpty(
    matching(
      /^(\S+ ){4}\S+$|^@(hourly|daily|weekly|monthly)$/,
      "five fields of cron in UTC, such as 0 3 * * *",
    ),
  ),
  backupsKept: count,
  backupStorage: byteQuantity,
  databaseUrl: orEmpty(
    z.url({ protocol: /^postgres(ql)?$/ }).describe("a URL that begins with postgresql://"),
  ),
  databaseCa: orEmpty(z.string().startsWith("-----BEGIN CERTIFICATE-----").describe("a certificate in PEM")),
  observability: z.stringbool(),
  metricsRetention: matching(/^\d+[hdwy]$/, "a duration, such as 15d"),
  metricsStorage: byteQuantity,
  alertmanagers: z.array(matching(/^[\w.-]+:\d+$/, "host:port")),
});
export type Settings = z.infer<typeof schema>;

/** Keys whose values are lists or objects; all others are text to Pulumi. */
export const STRUCTURED: readonly string[] = ["alertmanagers", "charts", "generations", "hosts", "pods"];
