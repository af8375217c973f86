import type { Subject } from "../subject.ts";
import { caddy } from "./caddy.ts";
import { hono, node, service } from "./direct.ts";
import { envoy } from "./envoy.ts";
import { fastify } from "./fastify.ts";
import { flask } from "./flask.ts";
import { nginx } from "./nginx.ts";
import { forwardAuth, publicRoute, rememberingRoute, traefik, userRoute } from "./traefik.ts";

/** All that is measured: services by themselves, Traefik and our gateway, and what users would pick instead. */
export const subjects: readonly Subject[] = [
  ...[node, hono, service],
  ...[traefik, forwardAuth, publicRoute, userRoute, rememberingRoute],
  ...[nginx, caddy, envoy, fastify, flask],
];
