import { readFileSync } from "node:fs";

/** An environment variable that the harness sets. */
export function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`environment: ${name} is missing`);
  return value;
}

/** TLS as the services have it. */
export const tls = {
  cert: readFileSync(variable("TLS_CERT_FILE")),
  key: readFileSync(variable("TLS_KEY_FILE")),
  minVersion: "TLSv1.3",
  ecdhCurve: "X25519:P-256:P-384",
} as const;

export const port = Number(variable("PORT"));
