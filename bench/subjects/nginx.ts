import { findProgram } from "../programs.ts";
import type { Stage } from "../stage.ts";
import type { Subject } from "../subject.ts";
import { startUpstream } from "./direct.ts";
import { running } from "./traefik.ts";

export const nginx: Subject = {
  name: "nginx",
  what: "nginx with auth_request to our authentication service",
  guarantee: "revocation",
  lacks: () => findProgram("nginx", ["-V"], /http_auth_request_module/),
  async start(stage) {
    const upstream = await startUpstream(stage, "nginx");
    const port = await stage.freePort();
    const file = stage.write("bench-nginx.conf", configuration(stage, port, upstream.port));
    const proxy = await stage.start("nginx", port, ["nginx", "-c", file, "-p", stage.file("")]);
    return running([proxy, upstream], stage.checks);
  },
};

/** HTTP/1.1 with kept connections on both sides, as nginx's own guide to performance has it. */
function configuration(stage: Stage, port: number, upstreamPort: number): string {
  const edge = stage.certificate("edge");
  const client = stage.certificate("gateway");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `
${process.getuid?.() === 0 ? "user root;" : ""}
daemon off;
worker_processes auto;
pid ${stage.file("bench-nginx.pid")};
error_log ${stage.file("logs/bench-nginx.log")} warn;
events { worker_connections 1024; }
http {
  access_log off;
  ${temporary.map((kind) => `${kind}_temp_path ${stage.file(`bench-nginx-${kind}`)};`).join("\n  ")}
  upstream service { server 127.0.0.1:${upstreamPort}; keepalive 32; keepalive_requests 1000000; }
  upstream authentication { server 127.0.0.1:${stage.port("authentication-1")}; keepalive 32; keepalive_requests 1000000; }
  proxy_http_version 1.1;
  proxy_ssl_verify on;
  proxy_ssl_trusted_certificate ${stage.ca};
  proxy_ssl_protocols TLSv1.3;
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${edge.cert};
    ssl_certificate_key ${edge.key};
    ssl_protocols TLSv1.3;
    keepalive_requests 1000000;
    location / {
      auth_request /check;
      auth_request_set $user $upstream_http_x_user_id;
      proxy_set_header Connection "";
      proxy_set_header X-User-ID $user;
      proxy_ssl_name products;
      proxy_pass https://service;
    }
    location = /check {
      internal;
      # A check whose answer may have a body would end its connection: 1,000 handshakes for 1,000 requests.
      proxy_method HEAD;
      proxy_pass_request_body off;
      proxy_set_header Connection "";
      proxy_set_header Content-Length "";
      proxy_ssl_certificate ${client.cert};
      proxy_ssl_certificate_key ${client.key};
      proxy_ssl_name authentication;
      proxy_pass https://authentication/validate;
    }
  }
}
`;
}
