/**
 * The part of Traefik's dynamic configuration that Gatehouse uses, in Traefik's own words
 * (https://doc.traefik.io/traefik/reference/routing-configuration/). Both renderings, the file of the local
 * platform and the custom resources of the stack, say exactly this; they differ only in how a certificate and
 * a server are named, which {@link TlsClient} and {@link Service} leave to them.
 */

/** A duration as Go writes it: `1m`, `500ms`. */
export type Duration = string;

/** A client certificate by name, with the platform's CA to check the peer against. */
export interface TlsClient {
  readonly certificate: string;
}

export interface Router {
  readonly rule: string;
  readonly priority: number;
  readonly entryPoints: readonly string[];
  /** Names of middlewares, outermost first. */
  readonly middlewares: readonly string[];
  /** Name of a service of the catalog. */
  readonly service: string;
}

export interface Service {
  /** Name of the servers transport. */
  readonly serversTransport: string;
  readonly passHostHeader: boolean;
}

export interface ServersTransport {
  readonly serverName: string;
  readonly disableHTTP2: boolean;
  /** Connections to each server that stay open for the next request. */
  readonly maxIdleConnsPerHost: number;
  readonly tls: TlsClient;
  readonly forwardingTimeouts: {
    readonly dialTimeout: Duration;
    readonly responseHeaderTimeout: Duration;
    readonly idleConnTimeout: Duration;
  };
}

interface SourceByAddress {
  readonly ipStrategy: { readonly depth: number };
}

interface SourceByHeader {
  readonly requestHeaderName: string;
}

export interface Headers {
  readonly customRequestHeaders?: Readonly<Record<string, string>>;
  readonly customResponseHeaders?: Readonly<Record<string, string>>;
  readonly contentTypeNosniff?: boolean;
  readonly frameDeny?: boolean;
  readonly referrerPolicy?: string;
  readonly contentSecurityPolicy?: string;
  readonly stsSeconds?: number;
}

export interface ForwardAuth {
  readonly address: string;
  readonly trustForwardHeader: boolean;
  readonly maxResponseBodySize: number;
  readonly authRequestHeaders: readonly string[];
  readonly authResponseHeaders: readonly string[];
  /** Header of the check's answer that the access log has as the client's user name. */
  readonly headerField?: string;
  readonly tls: TlsClient;
}

/** The check of who is signed in by our plugin (plugins-local/), which remembers sessions. */
export interface Sessions {
  /** Base URL of the authentication service. */
  readonly address: string;
  readonly tls: TlsClient;
}

/** Answers that are replaced: by a chain of middlewares which lets no request through, so that no server is asked. */
export interface Errors {
  readonly status: readonly string[];
  /** Statuses in place of those that were answered. */
  readonly statusRewrites: Readonly<Record<string, number>>;
  /** Names of the middlewares that answer instead, outermost first. */
  readonly answeredBy: readonly string[];
}

export type Middleware =
  | { readonly headers: Headers }
  | {
      readonly rateLimit: {
        readonly average: number;
        readonly period: Duration;
        readonly burst: number;
        readonly sourceCriterion: SourceByAddress;
      };
    }
  | {
      readonly inFlightReq: {
        readonly amount: number;
        readonly sourceCriterion: SourceByAddress | SourceByHeader;
      };
    }
  | {
      readonly circuitBreaker: {
        readonly expression: string;
        readonly checkPeriod: Duration;
        readonly fallbackDuration: Duration;
        readonly recoveryDuration: Duration;
        readonly responseCode: number;
      };
    }
  | { readonly ipAllowList: { readonly sourceRange: readonly string[]; readonly rejectStatusCode: number } }
  | { readonly errors: Errors }
  | {
      readonly buffering: {
        /** Bytes; a longer body is answered with 413. */
        readonly maxRequestBodyBytes: number;
        /** Bytes of a body that stay in memory; the rest would go to a file. */
        readonly memRequestBodyBytes: number;
      };
    }
  | {
      readonly retry: {
        readonly attempts: number;
        readonly initialInterval: Duration;
        readonly timeout: Duration;
        /** Bytes of a body that can be sent again. */
        readonly maxRequestBodyBytes: number;
        readonly status: readonly string[];
        readonly disableRetryOnNetworkError: boolean;
      };
    }
  | { readonly forwardAuth: ForwardAuth }
  | { readonly plugin: { readonly sessions: Sessions } };

export interface TlsOptions {
  readonly minVersion: string;
  readonly curvePreferences: readonly string[];
  readonly alpnProtocols: readonly string[];
}

/** Everything that the gateway does, by name. */
export interface GatewayConfiguration {
  readonly routers: Readonly<Record<string, Router>>;
  readonly middlewares: Readonly<Record<string, Middleware>>;
  readonly services: Readonly<Record<string, Service>>;
  readonly serversTransports: Readonly<Record<string, ServersTransport>>;
  readonly tlsOptions: Readonly<Record<string, TlsOptions>>;
}
