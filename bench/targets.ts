import type { Target } from "../tests/load/target.ts";
import type { Trial } from "../tests/support/trial.ts";

/** A request that comes to the gateway, of a user who is signed in. */
export function throughGateway(
  { outputs: { gatewayUrl, gatewayCa } }: Trial,
  cookie: string,
  path: string,
  method: "GET" | "POST" = "GET",
): Target {
  return { origin: gatewayUrl, path, method, headers: { cookie }, tls: { ca: gatewayCa } };
}

/** A request that comes to a service as the gateway asks. */
export function behindGateway(
  trial: Trial,
  service: string,
  path: string,
  headers: Record<string, string>,
): Target {
  const tls = { ...trial.tlsOf("gateway"), servername: service };
  return { origin: trial.urlOf(`${service}-1`), path, headers, tls };
}
