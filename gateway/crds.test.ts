import { describe, expect, it } from "vitest";
import { catalog } from "../services/catalog.ts";
import { gatewayConfiguration } from "./configuration.ts";
import type { CustomObject } from "./crds.ts";
import { renderCrds } from "./crds.ts";
import { renderFile } from "./file.ts";
import { defaultLimits } from "./limits.ts";

const gateway = gatewayConfiguration(catalog, {
  limits: defaultLimits,
  drills: true,
  hstsSeconds: 3600,
  checks: "service",
  forwardAuthAddress: (service) => `https://${service}.example`,
});
const SECRET = "gateway-tls";
const objects = renderCrds(gateway, {
  namespace: "shop",
  certificate: () => SECRET,
  certificateFolder: () => "/tls",
  edge: "edge-tls",
  port: 443,
});

interface FileConfiguration {
  http: Record<"routers" | "middlewares" | "services" | "serversTransports", Record<string, object>>;
  tls: { options: Record<string, object>; stores: Record<string, object> };
}
const CA = "/ca.pem";
const FILES = { certFile: "/gateway.pem", keyFile: "/gateway.key" };
const file = renderFile(gateway, {
  ca: CA,
  certificate: () => FILES,
  edge: { certFile: "/edge.pem", keyFile: "/edge.key" },
  servers: (service) => [`https://${service}`],
  healthCheck: { path: "/health/ready", interval: "1s", timeout: "1s" },
}) as FileConfiguration;

/** Specs of one kind by name. */
const specs = (kind: CustomObject["kind"]) =>
  Object.fromEntries(
    objects.filter((object) => object.kind === kind).map(({ metadata, spec }) => [metadata.name, spec]),
  );

const mapValues = <V, R>(record: Record<string, V>, map: (value: V) => R): Record<string, R> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));

/** In the file, middlewares that answer in place of a service are those of a service that is named after theirs. */
function withAnswering(middleware: object): object {
  if (!("errors" in middleware)) return middleware;
  const { service, ...errors } = middleware.errors as { service: string };
  const { middlewares } = file.http.services[service] as { middlewares: string[] };
  const answering = { name: "authentication", port: 443, middlewares: middlewares.map((name) => ({ name })) };
  return { errors: { ...errors, service: answering } };
}

it("name the files of a mounted Secret for the plugin that remembers sessions, as the file names its own", () => {
  const remembering = gatewayConfiguration(catalog, {
    limits: defaultLimits,
    drills: true,
    hstsSeconds: 3600,
    checks: "gateway",
    forwardAuthAddress: (service) => `https://${service}.example`,
  });
  const address = "https://authentication.example";
  const inCluster = renderCrds(remembering, {
    namespace: "shop",
    certificate: () => SECRET,
    certificateFolder: (name) => `/certificates/${name}`,
    edge: "edge-tls",
    port: 443,
  }).find(({ metadata }) => metadata.name === "authenticate");
  const folder = "/certificates/gateway";
  const files = { ca: `${folder}/ca.crt`, certificate: `${folder}/tls.crt`, key: `${folder}/tls.key` };
  expect(inCluster?.spec).toEqual({ plugin: { sessions: { address, ...files } } });

  const inFile = renderFile(remembering, {
    ca: CA,
    certificate: () => FILES,
    edge: FILES,
    servers: () => [],
    healthCheck: { path: "/health/ready", interval: "1s", timeout: "1s" },
  }) as FileConfiguration;
  expect(inFile.http.middlewares["authenticate"]).toEqual({
    plugin: { sessions: { address, ca: CA, certificate: FILES.certFile, key: FILES.keyFile } },
  });
});

describe("the custom resources and the local file say the same", () => {
  it("of routes: rule, priority, entry points, chain of middlewares, service, TLS", () => {
    const inCluster = mapValues(specs("IngressRoute"), (spec) => {
      const { entryPoints, routes, tls } = spec as {
        entryPoints: string[];
        routes: [
          { match: string; priority: number; middlewares: { name: string }[]; services: [{ name: string }] },
        ];
        tls: object;
      };
      const [{ match, priority, middlewares, services }] = routes;
      const chain = middlewares.map(({ name }) => name);
      // Locally every service has an answer of the gateway's behind it.
      const service = `${services[0].name}-or-nobody`;
      return { rule: match, priority, entryPoints, middlewares: chain, service, tls };
    });

    expect(inCluster).toEqual(file.http.routers);
    expect(Object.keys(inCluster).length).toBeGreaterThan(10);
  });

  it("of middlewares, but for where the gateway's certificate is", () => {
    const named = (text: string) =>
      text
        .replaceAll(JSON.stringify({ ca: CA, cert: FILES.certFile, key: FILES.keyFile }), '"the certificate"')
        .replaceAll(JSON.stringify({ caSecret: SECRET, certSecret: SECRET }), '"the certificate"');

    const inFile = mapValues(file.http.middlewares, (middleware) => withAnswering(middleware));
    expect(named(JSON.stringify(specs("Middleware")))).toBe(named(JSON.stringify(inFile)));
    expect(named(JSON.stringify(specs("Middleware")))).toContain('"tls":"the certificate"');
  });

  it("of how services are reached, but for where the certificates and the servers are", () => {
    const transports = mapValues(specs("ServersTransport"), (spec) => {
      const { rootCAs, certificatesSecrets, ...rest } = spec as Record<string, unknown>;
      expect([rootCAs, certificatesSecrets]).toEqual([[{ secret: SECRET }], [SECRET]]);
      return rest;
    });
    const fileTransports = mapValues(file.http.serversTransports, (spec) => {
      const { rootCAs, certificates, ...rest } = spec as Record<string, unknown>;
      expect([rootCAs, certificates]).toEqual([[CA], [FILES]]);
      return rest;
    });
    expect(transports).toEqual(fileTransports);

    for (const spec of Object.values(specs("IngressRoute"))) {
      const [{ services }] = (spec as { routes: [{ services: [Record<string, unknown>] }] }).routes;
      const { name, port, scheme, ...rest } = services[0];
      const inFile = file.http.services[String(name)] as { loadBalancer: Record<string, unknown> };
      const { servers, healthCheck, ...expected } = inFile.loadBalancer;

      expect(servers).toEqual([{ url: `${String(scheme)}://${String(name)}` }]);
      expect([port, healthCheck]).toEqual([443, expect.anything()]);
      expect(rest).toEqual(expected);
    }
  });

  it("of TLS options, and of having one certificate for clients", () => {
    expect(specs("TLSOption")).toEqual(file.tls.options);
    expect(Object.keys(specs("TLSStore"))).toEqual(Object.keys(file.tls.stores));
    expect(specs("TLSStore")).toEqual({ default: { defaultCertificate: { secretName: "edge-tls" } } });
  });
});

it("refers to nothing that is not there", () => {
  const names = (kind: CustomObject["kind"]) => Object.keys(specs(kind));
  for (const { middlewares, service } of Object.values(gateway.routers)) {
    expect(names("Middleware")).toEqual(expect.arrayContaining([...middlewares]));
    expect(names("ServersTransport")).toContain(gateway.services[service]?.serversTransport);
  }
  for (const { metadata } of objects) expect(metadata.namespace).toBe("shop");
});
