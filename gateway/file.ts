import { SESSIONS_PLUGIN } from "./checks.ts";
import { REFUSING } from "./overload.ts";
import type { GatewayConfiguration, Middleware, TlsClient } from "./terms.ts";

/** Where the files of certificates and the addresses of servers are on this machine. */
export interface FileOptions {
  /** Path of the platform's CA certificate. */
  readonly ca: string;
  /** Paths of a certificate and its key, by the certificate's name. */
  readonly certificate: (name: string) => { readonly certFile: string; readonly keyFile: string };
  /** The certificate that clients of the gateway see. */
  readonly edge: { readonly certFile: string; readonly keyFile: string };
  /** Base URLs of a service's replicas. */
  readonly servers: (service: string) => readonly string[];
  readonly healthCheck: { readonly path: string; readonly interval: string; readonly timeout: string };
}

/** Renders the gateway as the dynamic configuration of Traefik's file provider. */
export function renderFile(gateway: GatewayConfiguration, options: FileOptions): object {
  return {
    http: {
      routers: mapValues(gateway.routers, (router) => ({
        ...router,
        service: orNobody(router.service),
        tls: {},
      })),
      middlewares: mapValues(gateway.middlewares, (middleware, name) =>
        renderMiddleware(middleware, name, options),
      ),
      services: {
        ...mapValues(gateway.services, (service, name) => ({
          loadBalancer: {
            ...service,
            servers: options.servers(name).map((url) => ({ url })),
            healthCheck: { scheme: "https", ...options.healthCheck },
          },
        })),
        // Where no replica is healthy Traefik's own 503 would not say when to come back.
        ...Object.fromEntries(
          Object.keys(gateway.services).map((name) => [
            orNobody(name),
            { failover: { service: name, fallback: NOBODY } },
          ]),
        ),
        [NOBODY]: answering(REFUSING),
        ...answeringServices(gateway),
      },
      serversTransports: mapValues(gateway.serversTransports, ({ tls, ...transport }) => ({
        ...transport,
        rootCAs: [options.ca],
        certificates: [options.certificate(tls.certificate)],
      })),
    },
    tls: {
      options: gateway.tlsOptions,
      stores: { default: { defaultCertificate: options.edge } },
    },
  };
}

function renderMiddleware(middleware: Middleware, name: string, options: FileOptions): object {
  if ("errors" in middleware) {
    const { answeredBy, ...errors } = middleware.errors;
    return { errors: { ...errors, errorRequestHeaders: [], service: name } };
  }
  if ("plugin" in middleware) {
    const { address, tls } = middleware.plugin.sessions;
    const { ca, cert: certificate, key } = clientTls(tls, options);
    return { plugin: { [SESSIONS_PLUGIN]: { address, ca, certificate, key } } };
  }
  if (!("forwardAuth" in middleware)) return middleware;
  const { tls, ...forwardAuth } = middleware.forwardAuth;
  return { forwardAuth: { ...forwardAuth, tls: clientTls(tls, options) } };
}

/** For each middleware that replaces answers, a service of its name: without servers, for its own middlewares answer. */
function answeringServices({ middlewares }: GatewayConfiguration): Record<string, object> {
  const services = Object.entries(middlewares).flatMap(([name, middleware]) =>
    "errors" in middleware ? [[name, answering(middleware.errors.answeredBy)] as const] : [],
  );
  return Object.fromEntries(services);
}

/** A service without servers, for its middlewares let no request through. */
function answering(middlewares: readonly string[]): object {
  return { middlewares, loadBalancer: { servers: [] } };
}

/** What answers for a service of which no replica is healthy, and the service with that behind it. */
const NOBODY = "nobody";
const orNobody = (service: string) => `${service}-or-nobody`;

function clientTls(tls: TlsClient, options: FileOptions) {
  const { certFile, keyFile } = options.certificate(tls.certificate);
  return { ca: options.ca, cert: certFile, key: keyFile };
}

function mapValues<V, R>(
  record: Readonly<Record<string, V>>,
  map: (value: V, name: string) => R,
): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value, name)]));
}
