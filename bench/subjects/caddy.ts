import { findProgram } from "../programs.ts";
import type { Stage } from "../stage.ts";
import type { Subject } from "../subject.ts";
import { startUpstream } from "./direct.ts";
import { running } from "./traefik.ts";

export const caddy: Subject = {
  name: "caddy",
  what: "Caddy with forward_auth to our authentication service",
  guarantee: "revocation",
  lacks: () => findProgram("caddy", ["version"], /\d/),
  async start(stage) {
    const upstream = await startUpstream(stage, "caddy");
    const port = await stage.freePort();
    const file = stage.write("bench-caddy.conf", configuration(stage, port, upstream.url));
    const proxy = await stage.start(
      "caddy",
      port,
      ["caddy", "run", "--adapter", "caddyfile", "--config", file],
      { HOME: stage.file("caddy"), XDG_DATA_HOME: stage.file("caddy"), XDG_CONFIG_HOME: stage.file("caddy") },
    );
    return running([proxy, upstream], stage.checks);
  },
};

function configuration(stage: Stage, port: number, upstream: string): string {
  const edge = stage.certificate("edge");
  const client = stage.certificate("gateway");
  return `
{
  admin off
  auto_https off
}
:${port} {
  bind 127.0.0.1
  tls ${edge.cert} ${edge.key}
  forward_auth https://127.0.0.1:${stage.port("authentication-1")} {
    uri /validate
    copy_headers X-User-ID
    transport http {
      tls_trusted_ca_certs ${stage.ca}
      tls_server_name authentication
      tls_client_auth ${client.cert} ${client.key}
      keepalive_idle_conns_per_host 32
      # Over HTTP/2 this Caddy sends what Node ends the connection for, every few thousand checks.
      versions 1.1
    }
  }
  reverse_proxy ${upstream} {
    transport http {
      tls_trusted_ca_certs ${stage.ca}
      tls_server_name products
      keepalive_idle_conns_per_host 32
    }
  }
}
`;
}
