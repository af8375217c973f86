import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { GatewayOptions } from "../gateway/configuration.ts";
import { gatewayConfiguration } from "../gateway/configuration.ts";
import { renderCrds } from "../gateway/crds.ts";
import type { Catalog } from "../services/shared/catalog.ts";
import { calleesOf, GATEWAY, PROMETHEUS } from "../services/shared/catalog.ts";
import type { CertificateAuthority, IssuedCertificate } from "./certificates.ts";
import { chartOf } from "./charts.ts";
import type { StackConfig } from "./config.ts";
import { ENTRY_POINT_PORTS, gatewayValues } from "./gateway-values.ts";
import { SERVICE_HTTPS_PORT } from "./microservice.ts";
import type { PlatformNamespace } from "./namespace.ts";
import { CLIENT_CERTIFICATE_FOLDER, sessionsPlugin } from "./sessions-plugin.ts";
import {
  allowFrom,
  allowTo,
  allowToAnywhere,
  allowToCollector,
  API_SERVER_PORTS,
  GATEWAY_METRICS_PORT,
  SERVICE_PORT,
  tcp,
} from "./network.ts";
import { podLabels } from "./pods.ts";

const CLIENT_CERTIFICATE = "gateway-tls";
const EDGE_CERTIFICATE = "edge-tls";

export interface GatewayArgs {
  readonly namespace: PlatformNamespace;
  readonly catalog: Catalog;
  readonly config: StackConfig;
  readonly authority: CertificateAuthority;
}

/** The only way in: Traefik by its chart, and the routes that are derived from the catalog. */
export class Gateway extends pulumi.ComponentResource {
  readonly url: pulumi.Output<string>;
  readonly httpUrl: pulumi.Output<string>;
  /** The load balancer's address, for DNS. */
  readonly address: pulumi.Output<string>;

  constructor(name: string, args: GatewayArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gatehouse:stack:Gateway", name, {}, opts);
    const { namespace, catalog, config } = args;
    const { exposure } = config;
    const parent = { parent: this };
    const policy = createNetworkPolicy();
    const client = args.authority.issue(GATEWAY, {
      commonName: GATEWAY,
      uses: ["client"],
      secret: CLIENT_CERTIFICATE,
    });
    const release = createRelease();
    const service = createService();
    this.address = pulumi.output(exposure.hosts[0] ?? balancerAddress(service));
    const edge = issueEdgeCertificate(service);
    createCustomResources([client, edge]);
    const host = this.address.apply((address) => exposure.hosts[0] ?? address);
    this.url = pulumi.interpolate`https://${host}${suffix(exposure.httpsPort, 443)}`;
    this.httpUrl = pulumi.interpolate`http://${host}${suffix(exposure.httpPort, 80)}`;
    this.registerOutputs({ url: this.url, httpUrl: this.httpUrl, address: this.address });

    function createRelease() {
      return new k8s.helm.v3.Release(
        `${name}-release`,
        {
          ...chartOf(config.traefik),
          name: GATEWAY,
          namespace: namespace.reference,
          atomic: true,
          cleanupOnFail: true,
          timeout: 300,
          // Literals only: with an unknown value in here, a preview could not know the chart's CRDs.
          values: gatewayValues(GATEWAY, config.pods(GATEWAY), {
            publicPort: exposure.httpsPort,
            tracesEndpoint: config.tracesEndpoint,
            sessions:
              config.checks === "gateway"
                ? sessionsPlugin(CLIENT_CERTIFICATE, config.generations)
                : undefined,
          }),
        },
        { ...parent, dependsOn: [policy, client.resource] },
      );
    }

    /** The chart's own Service is off: as a resource of the stack, this one tells its address to the certificate. */
    function createService() {
      const ports = [
        { name: "websecure", port: 443, nodePort: exposure.httpsPort },
        { name: "web", port: 80, nodePort: exposure.httpPort },
      ].map(({ nodePort, ...port }) => ({
        ...port,
        targetPort: port.name,
        ...(exposure.type === "NodePort" ? { nodePort } : {}),
      }));
      return new k8s.core.v1.Service(
        `${name}-service`,
        {
          metadata: { name: GATEWAY, namespace: namespace.reference, labels: podLabels(GATEWAY) },
          spec: {
            type: exposure.type,
            selector: podLabels(GATEWAY),
            ports,
            // The pods see who calls, which the limits count by; a NodePort must answer on every node instead.
            externalTrafficPolicy: exposure.type === "LoadBalancer" ? "Local" : "Cluster",
          },
        },
        { ...parent, dependsOn: [release] },
      );
    }

    function issueEdgeCertificate(service: k8s.core.v1.Service): IssuedCertificate {
      const names = exposure.hosts.filter((host) => !isAddress(host));
      const addresses =
        exposure.type === "NodePort"
          ? exposure.hosts.filter(isAddress)
          : balancerAddress(service).apply((found) => [...exposure.hosts, found].filter(isAddress));
      return args.authority.issue("edge", {
        commonName: "edge",
        dnsNames: ["localhost", ...names],
        ipAddresses: addresses,
        uses: ["server"],
        secret: EDGE_CERTIFICATE,
      });
    }

    function createCustomResources(certificates: readonly IssuedCertificate[]) {
      const gateway = gatewayConfiguration(catalog, gatewayOptions(config));
      const objects = renderCrds(gateway, {
        namespace: namespace.name,
        certificate: () => CLIENT_CERTIFICATE,
        certificateFolder: () => CLIENT_CERTIFICATE_FOLDER,
        edge: EDGE_CERTIFICATE,
        port: SERVICE_HTTPS_PORT,
      });
      const dependsOn = [release, ...certificates.map(({ resource }) => resource)];
      for (const { kind, ...object } of objects) {
        new k8s.apiextensions.CustomResource(
          `${name}-${kind.toLowerCase()}-${object.metadata.name}`,
          { kind, ...object },
          { ...parent, dependsOn },
        );
      }
    }

    function createNetworkPolicy() {
      return new k8s.networking.v1.NetworkPolicy(
        `${name}-policy`,
        {
          metadata: { name: GATEWAY, namespace: namespace.reference },
          spec: {
            podSelector: { matchLabels: podLabels(GATEWAY) },
            policyTypes: ["Ingress", "Egress"],
            ingress: [
              { ports: tcp(Object.values(ENTRY_POINT_PORTS)) },
              ...allowFrom([PROMETHEUS], GATEWAY_METRICS_PORT),
            ],
            egress: [
              ...allowTo(calleesOf(catalog, GATEWAY), SERVICE_PORT),
              ...allowToAnywhere(...API_SERVER_PORTS),
              ...allowToCollector(config.tracesEndpoint),
            ],
          },
        },
        parent,
      );
    }
  }
}

/** What the route table is made with; the services' addresses are those that their certificates have. */
export function gatewayOptions(
  config: Pick<StackConfig, "namespace" | "limits" | "checks" | "drills" | "hstsSeconds">,
): GatewayOptions {
  return {
    limits: config.limits,
    checks: config.checks,
    drills: config.drills,
    hstsSeconds: config.hstsSeconds,
    forwardAuthAddress: (service) => `https://${service}.${config.namespace}.svc`,
  };
}

/** The address or name that the load balancer was given. */
function balancerAddress(service: k8s.core.v1.Service): pulumi.Output<string> {
  return service.status.loadBalancer.ingress.apply((found) => {
    const [first] = found as typeof found | [];
    return first?.ip ?? first?.hostname ?? "pending";
  });
}

function isAddress(host: string): boolean {
  return /^[\d.]+$|:/.test(host);
}

function suffix(port: number, usual: number): string {
  return port === usual ? "" : `:${port}`;
}
