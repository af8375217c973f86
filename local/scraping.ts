import { prometheusConfiguration } from "../observability/scraping.ts";
import { catalog } from "../services/catalog.ts";
import { GATEWAY, PROMETHEUS } from "../services/shared/catalog.ts";
import type { CertificateAuthority } from "./certificates.ts";
import { HOST } from "./ports.ts";
import type { RunningServices } from "./services.ts";
import type { StateFolder } from "./state.ts";

/** Where the metrics of a local platform are. */
export interface ScrapeTargets {
  readonly folder: StateFolder;
  readonly authority: CertificateAuthority;
  readonly services: Pick<RunningServices, "replicas">;
  /** Port of the gateway's metrics. */
  readonly metricsPort: number;
}

/**
 * Writes the configuration with which a Prometheus on this machine reads the metrics of the gateway and of every
 * replica: `prometheus --config.file=.local/prometheus.yml`.
 */
export function writeScrapeConfiguration(targets: ScrapeTargets): string {
  const { folder, authority, services, metricsPort } = targets;
  const addressesOf = (job: string) =>
    job === GATEWAY ? [`${HOST}:${metricsPort}`] : services.replicas(job).map((url) => new URL(url).host);
  const configuration = prometheusConfiguration(catalog, {
    certificate: { caFile: authority.caFile, ...authority.files(PROMETHEUS) },
    interval: "5s",
    discover: (job) => ({ static_configs: [{ targets: addressesOf(job) }] }),
  });
  // JSON is YAML.
  return folder.write("prometheus.yml", `${JSON.stringify(configuration, null, 2)}\n`);
}
