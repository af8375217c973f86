import { SESSIONS_PLUGIN } from "./checks.ts";
import type { GatewayConfiguration, Middleware, Router, ServersTransport, Service } from "./terms.ts";

/** Where certificates and servers are in the cluster. */
export interface CrdOptions {
  readonly namespace: string;
  /** Name of the Secret with a certificate, its key and the platform's CA, by the certificate's name. */
  readonly certificate: (name: string) => string;
  /** Folder in the gateway's pods that holds that Secret's files, for what reads no Secrets. */
  readonly certificateFolder: (name: string) => string;
  /** Name of the Secret with the certificate that clients of the gateway see. */
  readonly edge: string;
  /** Port of every Service. */
  readonly port: number;
}

/** A custom resource of Traefik, as `kubectl apply` takes it. */
export interface CustomObject {
  readonly apiVersion: "traefik.io/v1alpha1";
  readonly kind: "IngressRoute" | "Middleware" | "ServersTransport" | "TLSOption" | "TLSStore";
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: object;
}

/** Renders the gateway as the custom resources of Traefik's Kubernetes provider. */
export function renderCrds(gateway: GatewayConfiguration, options: CrdOptions): CustomObject[] {
  const object = (kind: CustomObject["kind"], name: string, spec: object): CustomObject => ({
    apiVersion: "traefik.io/v1alpha1",
    kind,
    metadata: { name, namespace: options.namespace },
    spec,
  });
  const objects = <V>(
    kind: CustomObject["kind"],
    values: Readonly<Record<string, V>>,
    render: (value: V) => object,
  ) => Object.entries(values).map(([name, value]) => object(kind, name, render(value)));

  return [
    object("TLSStore", "default", { defaultCertificate: { secretName: options.edge } }),
    ...objects("TLSOption", gateway.tlsOptions, (tlsOptions) => tlsOptions),
    ...objects("ServersTransport", gateway.serversTransports, (transport) =>
      renderTransport(transport, options),
    ),
    ...objects("Middleware", gateway.middlewares, (middleware) =>
      renderMiddleware(middleware, gateway, options),
    ),
    ...objects("IngressRoute", gateway.routers, (router) =>
      renderRouter(router, serviceOf(gateway, router), options),
    ),
  ];
}

function serviceOf(gateway: GatewayConfiguration, router: Router): Service {
  const service = gateway.services[router.service];
  if (service === undefined) throw new Error(`no service "${router.service}" for ${router.rule}`);
  return service;
}

function renderRouter(
  { rule, priority, entryPoints, middlewares, service: name }: Router,
  service: Service,
  { port }: CrdOptions,
): object {
  return {
    entryPoints,
    routes: [
      {
        kind: "Rule",
        match: rule,
        priority,
        middlewares: middlewares.map((middleware) => ({ name: middleware })),
        services: [{ name, port, scheme: "https", ...service }],
      },
    ],
    tls: {},
  };
}

function renderTransport({ tls, ...transport }: ServersTransport, { certificate }: CrdOptions): object {
  const secret = certificate(tls.certificate);
  return { ...transport, rootCAs: [{ secret }], certificatesSecrets: [secret] };
}

function renderMiddleware(
  middleware: Middleware,
  gateway: GatewayConfiguration,
  { certificate, certificateFolder, port }: CrdOptions,
): object {
  if ("errors" in middleware) {
    const { answeredBy, ...errors } = middleware.errors;
    // Only a Service of Kubernetes can have middlewares here. Any will do, for it is never asked: they answer.
    const [name] = Object.keys(gateway.services);
    const service = { name, port, middlewares: answeredBy.map((answering) => ({ name: answering })) };
    return { errors: { ...errors, errorRequestHeaders: [], service } };
  }
  if ("plugin" in middleware) {
    const { address, tls } = middleware.plugin.sessions;
    const folder = certificateFolder(tls.certificate);
    const files = { ca: `${folder}/ca.crt`, certificate: `${folder}/tls.crt`, key: `${folder}/tls.key` };
    return { plugin: { [SESSIONS_PLUGIN]: { address, ...files } } };
  }
  if (!("forwardAuth" in middleware)) return middleware;
  const { tls, ...forwardAuth } = middleware.forwardAuth;
  const secret = certificate(tls.certificate);
  return { forwardAuth: { ...forwardAuth, tls: { caSecret: secret, certSecret: secret } } };
}
