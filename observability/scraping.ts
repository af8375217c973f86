import type { Catalog } from "../services/shared/catalog.ts";
import { GATEWAY, METRICS_PATH } from "../services/shared/catalog.ts";

/** Paths of the files with which Prometheus proves who it is, as Prometheus sees them. */
export interface ScrapeCertificate {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

export interface ScrapeOptions {
  readonly certificate: ScrapeCertificate;
  /** Time between two readings, such as `15s`. */
  readonly interval: string;
  /** The part of a job that says where the processes of a service, or of the gateway, are. */
  readonly discover: (job: string) => object;
  /** Paths of files with alert rules. */
  readonly ruleFiles?: readonly string[];
  /** Addresses (`host:port`) of Alertmanagers. */
  readonly alertmanagers?: readonly string[];
}

/**
 * Prometheus' configuration: a job for each service of the catalog, over mutual TLS, and one for the gateway. Every
 * service has a job of its own because its certificate has a name of its own. Pure.
 */
export function prometheusConfiguration(catalog: Catalog, options: ScrapeOptions): object {
  const { certificate, interval, discover, ruleFiles = [], alertmanagers = [] } = options;
  const ofServices = Object.keys(catalog).map((service) => ({
    job_name: service,
    scheme: "https",
    metrics_path: METRICS_PATH,
    tls_config: {
      ca_file: certificate.caFile,
      cert_file: certificate.certFile,
      key_file: certificate.keyFile,
      server_name: service,
    },
    ...discover(service),
  }));
  return {
    global: { scrape_interval: interval, evaluation_interval: interval },
    ...(ruleFiles.length === 0 ? {} : { rule_files: ruleFiles }),
    ...(alertmanagers.length === 0
      ? {}
      : { alerting: { alertmanagers: [{ static_configs: [{ targets: alertmanagers }] }] } }),
    scrape_configs: [{ job_name: GATEWAY, metrics_path: METRICS_PATH, ...discover(GATEWAY) }, ...ofServices],
  };
}
