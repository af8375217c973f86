import type { Subject } from "../subject.ts";
import { startServer, startUpstream } from "./direct.ts";
import { running } from "./traefik.ts";

export const fastify: Subject = {
  name: "fastify",
  what: "Fastify with @fastify/http-proxy and a hook that asks our authentication service",
  guarantee: "revocation",
  async start(stage) {
    const upstream = await startUpstream(stage, "fastify");
    const client = stage.certificate("gateway");
    const proxy = await startServer(stage, "fastify", "fastify", {
      UPSTREAM_URL: upstream.url,
      CHECKS_URL: `https://127.0.0.1:${stage.port("authentication-1")}`,
      CLIENT_CERT_FILE: client.cert,
      CLIENT_KEY_FILE: client.key,
    });
    return running([proxy, upstream], stage.checks);
  },
};
