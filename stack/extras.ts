import { REVOCATION_LEASE_MS } from "../services/shared/lifetimes.ts";
import type { Administrator } from "./administrator.ts";
import type { StackConfig } from "./config.ts";
import type { ServiceExtras } from "./microservice.ts";
import type { EnvVar } from "./pods.ts";
import { plain } from "./pods.ts";
import type { SigningKeys } from "./signing-keys.ts";

/** What single services read beyond what every service does; a new service needs no entry. */
export function serviceExtras(
  config: Pick<StackConfig, "roleRefusal" | "checks">,
  keys: SigningKeys,
  limits: ServiceExtras,
): Readonly<Record<string, ServiceExtras>> {
  return {
    authentication: {
      environment: [
        ...plain({
          SIGNING_KEYS_FILE: keys.file,
          REVOCATION_LEASE_MS: String(config.checks === "gateway" ? REVOCATION_LEASE_MS : 0),
        }),
        ...limits.environment,
      ],
      secrets: [keys.folder, ...limits.secrets],
      reaches: limits.reaches,
    },
    authorization: { environment: plain({ ROLE_REFUSAL_STATUS: String(config.roleRefusal) }), secrets: [] },
  };
}

/** The same for their migrations. */
export function migrationExtras(administrator: Administrator): Readonly<Record<string, readonly EnvVar[]>> {
  return { authentication: administrator.environment };
}
