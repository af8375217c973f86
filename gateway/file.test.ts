import { describe, expect, it } from "vitest";
import { catalog } from "../services/catalog.ts";
import { gatewayConfiguration } from "./configuration.ts";
import { tlsOptions } from "./entrypoints.ts";
import { renderFile } from "./file.ts";
import { defaultLimits } from "./limits.ts";

const gateway = gatewayConfiguration(catalog, {
  limits: defaultLimits,
  drills: false,
  hstsSeconds: 3600,
  checks: "service",
  forwardAuthAddress: (service) => `https://${service}.internal:8443`,
});

describe("the file for Traefik", () => {
  const certificate = (name: string) => ({ certFile: `/c/${name}.crt`, keyFile: `/c/${name}.key` });
  const healthCheck = { path: "/health/ready", interval: "1s", timeout: "3s" };
  const file = renderFile(gateway, {
    ca: "/c/ca.crt",
    certificate,
    edge: certificate("edge"),
    servers: (service) => [`https://${service}-1`, `https://${service}-2`],
    healthCheck,
  }) as Record<"http" | "tls", Record<string, Record<string, object>>>;

  it("has all routers, each with TLS and with an answer where no replica is healthy", () => {
    const expected = Object.entries(gateway.routers).map(([name, { service, ...router }]) => [
      name,
      { ...router, service: `${service}-or-nobody`, tls: {} },
    ]);
    expect(file.http["routers"]).toEqual(Object.fromEntries(expected));
    expect(file.http["services"]).toMatchObject({
      "orders-or-nobody": { failover: { service: "orders", fallback: "nobody" } },
      nobody: { middlewares: ["retry-later", "let-nobody-in"], loadBalancer: { servers: [] } },
    });
  });

  it("has every replica of a service as a server, and checks its health over HTTPS", () => {
    expect(file.http["services"]?.["orders"]).toEqual({
      loadBalancer: {
        serversTransport: "orders",
        passHostHeader: false,
        servers: [{ url: "https://orders-1" }, { url: "https://orders-2" }],
        healthCheck: { scheme: "https", ...healthCheck },
      },
    });
  });

  it("shows services the gateway's certificate and takes theirs from the platform's CA alone", () => {
    expect(file.http["serversTransports"]?.["orders"]).toEqual({
      serverName: "orders",
      disableHTTP2: true,
      maxIdleConnsPerHost: 64,
      forwardingTimeouts: gateway.serversTransports["orders"]?.forwardingTimeouts,
      rootCAs: ["/c/ca.crt"],
      certificates: [certificate("gateway")],
    });
  });

  it("names the same files for ForwardAuth, and leaves other middlewares as they are", () => {
    const { authenticate, ...others } = file.http["middlewares"] ?? {};
    expect(authenticate).toMatchObject({
      forwardAuth: {
        address: "https://authentication.internal:8443/validate",
        tls: { ca: "/c/ca.crt", cert: "/c/gateway.crt", key: "/c/gateway.key" },
      },
    });
    expect(others["rate-limit"]).toEqual(gateway.middlewares["rate-limit"]);
    expect(Object.keys(file.http["middlewares"] ?? {})).toEqual(Object.keys(gateway.middlewares));
  });

  it("shows clients the edge's certificate under the gateway's TLS options", () => {
    expect(file.tls).toEqual({
      options: { default: tlsOptions },
      stores: { default: { defaultCertificate: certificate("edge") } },
    });
  });
});
