import { catalog } from "../services/catalog.ts";
import { GATEWAY, METRICS_PATH, PROMETHEUS } from "../services/shared/catalog.ts";
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
  const { certFile, keyFile } = authority.files(PROMETHEUS);
  const ofServices = Object.keys(catalog).map((service) => ({
    job_name: service,
    scheme: "https",
    metrics_path: METRICS_PATH,
    tls_config: {
      ca_file: authority.caFile,
      cert_file: certFile,
      key_file: keyFile,
      server_name: service,
    },
    static_configs: [{ targets: services.replicas(service).map((url) => new URL(url).host) }],
  }));
  const ofGateway = {
    job_name: GATEWAY,
    static_configs: [{ targets: [`${HOST}:${metricsPort}`], labels: { service: GATEWAY } }],
  };
  const configuration = {
    global: { scrape_interval: "5s" },
    scrape_configs: [ofGateway, ...ofServices],
  };
  // JSON is YAML.
  return folder.write("prometheus.yml", `${JSON.stringify(configuration, null, 2)}\n`);
}
