import { z } from "zod";

const onOff = z.enum(["on", "off"]).transform((value) => value === "on");
const path = z.string().min(1);

/** What every service reads from its environment. */
export const serviceEnvironment = z.object({
  HOST: z.string().default("0.0.0.0"),
  PORT: z.coerce.number().int().min(1).max(65535),
  /** The platform's CA; the certificate and key that this service shows to callers and to those it calls. */
  TLS_CA_FILE: path,
  TLS_CERT_FILE: path,
  TLS_KEY_FILE: path,
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
  /** Whether `GET /<service>/fail` exists. */
  DRILLS: onOff.default(false),
  /** Base URL of an OTLP/HTTP collector to which traces go; without it nothing is traced. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  /** Milliseconds between failing readiness and closing the door, for load balancers to notice. */
  SHUTDOWN_DELAY_MS: z.coerce.number().int().min(0).max(8000).default(0),
});
export type ServiceEnvironment = z.infer<typeof serviceEnvironment>;

/** What a service with a database reads besides. */
export const databaseEnvironment = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  /** CA of the database's certificate; without it the URL's own `sslmode` decides. */
  DATABASE_CA_FILE: path.optional(),
  /** Client certificate and key, where the login is by certificate. */
  DATABASE_CERT_FILE: path.optional(),
  DATABASE_KEY_FILE: path.optional(),
  DATABASE_POOL_SIZE: z.coerce.number().int().min(1).max(100).default(8),
});
export type DatabaseEnvironment = z.infer<typeof databaseEnvironment>;

/** Names and text values of an environment that satisfies a schema, for whoever starts the process. */
export type EnvironmentFor<S extends z.ZodObject> = { [K in keyof z.input<S>]: string };

/** An environment variable is missing or wrong; the message names every such key. */
export class EnvironmentError extends Error {
  override readonly name = "EnvironmentError";
}

/**
 * Reads the environment once, where the process starts.
 * @throws EnvironmentError that names each key and what it should hold, without the values.
 */
export function readEnvironment<S extends z.ZodObject>(
  schema: S,
  environment: NodeJS.ProcessEnv = process.env,
): z.infer<S> {
  const result = schema.safeParse(environment);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new EnvironmentError(`environment: ${problems.join("; ")}`);
}
