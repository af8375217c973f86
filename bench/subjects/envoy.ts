import { readFileSync } from "node:fs";
import { findProgram } from "../programs.ts";
import type { Stage } from "../stage.ts";
import type { Subject } from "../subject.ts";
import { startUpstream } from "./direct.ts";
import { running } from "./traefik.ts";

export const envoy: Subject = {
  name: "envoy",
  what: "Envoy with jwt_authn, which sees no revocation until the token runs out",
  guarantee: "token",
  lacks: () => findProgram("envoy", ["--version"], /envoy/),
  async start(stage) {
    const upstream = await startUpstream(stage, "envoy");
    const port = await stage.freePort();
    const file = stage.write("bench-envoy.json", configuration(stage, port, upstream.port));
    const args = ["--use-dynamic-base-id", "--concurrency", "2", "--log-level", "warn"];
    const proxy = await stage.start("envoy", port, ["envoy", "-c", file, ...args]);
    return running([proxy, upstream], []);
  },
};

const type = (name: string) => ({ "@type": `type.googleapis.com/envoy.extensions.${name}` });
const address = (port: number) => ({ socket_address: { address: "127.0.0.1", port_value: port } });

function configuration(stage: Stage, port: number, upstreamPort: number): object {
  const edge = stage.certificate("edge");
  const tls13 = { tls_minimum_protocol_version: "TLSv1_3", tls_maximum_protocol_version: "TLSv1_3" };
  const listenerTls = {
    ...type("transport_sockets.tls.v3.DownstreamTlsContext"),
    common_tls_context: {
      tls_params: tls13,
      tls_certificates: [{ certificate_chain: { filename: edge.cert }, private_key: { filename: edge.key } }],
    },
  };
  const upstreamTls = {
    ...type("transport_sockets.tls.v3.UpstreamTlsContext"),
    sni: "products",
    common_tls_context: { tls_params: tls13, validation_context: { trusted_ca: { filename: stage.ca } } },
  };
  const http = {
    ...type("filters.network.http_connection_manager.v3.HttpConnectionManager"),
    stat_prefix: "http",
    route_config: {
      virtual_hosts: [
        {
          name: "all",
          domains: ["*"],
          routes: [{ match: { prefix: "/" }, route: { cluster: "service" } }],
        },
      ],
    },
    http_filters: [
      { name: "envoy.filters.http.jwt_authn", typed_config: jwtAuthn(stage) },
      { name: "envoy.filters.http.router", typed_config: type("filters.http.router.v3.Router") },
    ],
  };
  return {
    static_resources: {
      listeners: [
        {
          address: address(port),
          filter_chains: [
            {
              filters: [{ name: "envoy.filters.network.http_connection_manager", typed_config: http }],
              transport_socket: { name: "envoy.transport_sockets.tls", typed_config: listenerTls },
            },
          ],
        },
      ],
      clusters: [
        {
          name: "service",
          type: "STATIC",
          connect_timeout: "2s",
          load_assignment: {
            cluster_name: "service",
            endpoints: [{ lb_endpoints: [{ endpoint: { address: address(upstreamPort) } }] }],
          },
          transport_socket: { name: "envoy.transport_sockets.tls", typed_config: upstreamTls },
        },
      ],
    },
  };
}

function jwtAuthn(stage: Stage): object {
  const { keys } = JSON.parse(readFileSync(stage.signingKeys, "utf8")) as { keys: Record<string, string>[] };
  const publicKeys = keys.map(({ kty, crv, x, y, kid, alg }) => ({ kty, crv, x, y, kid, alg }));
  return {
    ...type("filters.http.jwt_authn.v3.JwtAuthentication"),
    providers: {
      gatehouse: {
        issuer: "gatehouse",
        audiences: ["gatehouse"],
        from_cookies: ["jwt"],
        claim_to_headers: [{ header_name: "x-user-id", claim_name: "sub" }],
        local_jwks: { inline_string: JSON.stringify({ keys: publicKeys }) },
      },
    },
    rules: [{ match: { prefix: "/" }, requires: { provider_name: "gatehouse" } }],
  };
}
