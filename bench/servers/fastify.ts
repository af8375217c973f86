import { readFileSync } from "node:fs";
import proxy from "@fastify/http-proxy";
import fastify from "fastify";
import { Pool } from "undici";
import { port, tls, variable } from "./options.ts";

/** A gateway as one would write it with Fastify: every request is first asked of the authentication service. */
const ca = readFileSync(variable("TLS_CA_FILE"));
const checks = new Pool(variable("CHECKS_URL"), {
  connections: 16,
  connect: {
    ca,
    servername: "authentication",
    cert: readFileSync(variable("CLIENT_CERT_FILE")),
    key: readFileSync(variable("CLIENT_KEY_FILE")),
  },
});
const app = fastify({ https: tls });
app.addHook("preHandler", async (request, reply) => {
  const headers = { cookie: request.headers.cookie ?? "" };
  const check = await checks.request({ method: "GET", path: "/validate", headers });
  await check.body.dump();
  if (check.statusCode !== 200) return reply.code(401).send({ status: 401, title: "Sign in first" });
  request.headers["x-user-id"] = check.headers["x-user-id"];
});
await app.register(proxy, {
  upstream: variable("UPSTREAM_URL"),
  undici: { connections: 16, connect: { ca, servername: "products" } },
});
await app.listen({ port, host: "127.0.0.1" });
