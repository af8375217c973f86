import * as pulumi from "@pulumi/pulumi";
import type { Catalog } from "../services/shared/catalog.ts";
import { PROMETHEUS } from "../services/shared/catalog.ts";
import type { CertificateAuthority } from "./certificates.ts";
import type { ObservabilitySettings, StackConfig } from "./config.ts";
import { createGrafana, GRAFANA } from "./grafana.ts";
import type { PlatformNamespace } from "./namespace.ts";
import { createPrometheus } from "./prometheus.ts";

export interface ObservabilityArgs {
  readonly namespace: PlatformNamespace;
  readonly catalog: Catalog;
  readonly authority: CertificateAuthority;
  /** `observability` is undefined where Prometheus and Grafana are not wanted: one of yours can read the metrics. */
  readonly config: Pick<StackConfig, "observability">;
}

/** What sees the platform: a certificate for whoever reads metrics and, where wanted, Prometheus and Grafana. */
export class Observability extends pulumi.ComponentResource {
  /** Password of Grafana's user `admin`; undefined without Grafana. */
  readonly grafanaPassword: pulumi.Output<string> | undefined;

  constructor(name: string, args: ObservabilityArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gatehouse:stack:Observability", name, {}, opts);
    const { namespace, catalog, authority } = args;
    const { observability: settings } = args.config;
    const certificate = authority.issue(PROMETHEUS, {
      commonName: PROMETHEUS,
      uses: ["client"],
      secret: `${PROMETHEUS}-tls`,
    });
    this.grafanaPassword = settings === undefined ? undefined : createServers(this, settings);
    this.registerOutputs({ grafanaPassword: this.grafanaPassword });

    function createServers(self: pulumi.Resource, wanted: ObservabilitySettings) {
      const parent = { parent: self };
      const shared = { namespace, catalog, settings: wanted };
      const clients = [GRAFANA];
      createPrometheus(name, { ...shared, certificate: certificate.secret, clients }, parent);
      const prometheusUrl = `http://${PROMETHEUS}.${namespace.name}.svc`;
      return pulumi.secret(createGrafana(name, { ...shared, prometheusUrl }, parent).password);
    }
  }
}
