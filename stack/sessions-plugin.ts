import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SESSIONS_MODULE, SESSIONS_PLUGIN, sessionsPluginOptions } from "../gateway/checks.ts";
import type { StackConfig } from "./config.ts";

/** Where Traefik looks for local plugins, in its image and below the folder of the gateway's rules. */
const PLUGINS = `plugins-local/src/${SESSIONS_MODULE}`;
const SOURCES = join(import.meta.dirname, "../gateway", PLUGINS);

/** Where the plugin finds the gateway's client certificate. */
export const CLIENT_CERTIFICATE_FOLDER = "/certificates";

/** What the gateway's release has for the plugin that remembers sessions. */
export interface SessionsPlugin {
  /** Values of the chart. */
  readonly values: object;
  /** A pod reads the plugin when it starts, and the kubelet is slow to show it another certificate: either makes other pods. */
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * The plugin as part of the chart's values, which put its source into a ConfigMap.
 * @param secret the gateway's own, with its certificate and the CAs that it trusts
 * @param generations of these: unlike the certificates themselves, a preview knows them
 */
export function sessionsPlugin(
  secret: string,
  { ca, leaves }: Pick<StackConfig["generations"], "ca" | "leaves">,
): SessionsPlugin {
  const source = Object.fromEntries(
    readdirSync(SOURCES)
      .filter((name) => !name.endsWith("_test.go"))
      .map((name) => [name, readFileSync(join(SOURCES, name), "utf8")]),
  );
  const hash = createHash("sha256").update(JSON.stringify(source)).digest("hex").slice(0, 16);
  const { abortOnPluginFailure, localPlugins } = sessionsPluginOptions;
  return {
    values: {
      experimental: {
        abortOnPluginFailure,
        localPlugins: {
          [SESSIONS_PLUGIN]: {
            ...localPlugins[SESSIONS_PLUGIN],
            mountPath: `/${PLUGINS}`,
            type: "inlinePlugin",
            source,
          },
        },
      },
      volumes: [{ name: secret, mountPath: CLIENT_CERTIFICATE_FOLDER, type: "secret" }],
    },
    annotations: {
      "gatehouse/sessions-plugin": hash,
      "gatehouse/certificate-generations": `ca ${ca.join()}; leaves ${leaves.join()}`,
    },
  };
}
