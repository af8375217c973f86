import type { LimitsMode } from "./limits.ts";

/**
 * Where it is checked who is signed in: the authentication service is asked for each request, or the gateway remembers
 * what it was answered, for as long as a lease says that it has heard of every session that ended
 * (docs/adr/0013-sessions-at-the-gateway.md).
 */
export type Checks = "service" | "gateway";

/** What two settings cannot both be; undefined where they can. */
export function contradiction(checks: Checks, limits: LimitsMode | "on" | "off"): string | undefined {
  if (checks !== "gateway" || limits !== "central") return undefined;
  return "central limits are counted where each request is checked, which a gateway that remembers sessions leaves out";
}

/** The plugin that remembers sessions. */
export const SESSIONS_PLUGIN = "sessions";
/** Its module, and where it is below the folder that Traefik reads local plugins from. */
export const SESSIONS_MODULE = "gatehouse/sessions";

/** `experimental` of Traefik's static configuration. Without its plugin the gateway does not start. */
export const sessionsPluginOptions = {
  abortOnPluginFailure: true,
  localPlugins: { [SESSIONS_PLUGIN]: { moduleName: SESSIONS_MODULE } },
} as const;
