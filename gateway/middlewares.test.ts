import { describe, expect, it } from "vitest";
import { catalog } from "../services/catalog.ts";
import type { GatewayOptions } from "./configuration.ts";
import { gatewayConfiguration } from "./configuration.ts";
import { entryPointHttp, tlsOptions } from "./entrypoints.ts";
import type { Limits } from "./limits.ts";
import { defaultLimits } from "./limits.ts";
import type { Headers } from "./terms.ts";

const options: GatewayOptions = {
  limits: defaultLimits,
  drills: false,
  hstsSeconds: 3600,
  checks: "service",
  forwardAuthAddress: (service) => `https://${service}.internal:8443`,
};
const gateway = gatewayConfiguration(catalog, options);
const byAddress = { ipStrategy: { depth: 0 } };

describe("the middlewares", () => {
  it("remove identity and credentials by blanking every spelling that Traefik lets in", () => {
    expect(gateway.middlewares["strip-identity"]).toEqual({
      headers: {
        customRequestHeaders: { "X-User-ID": "", "X-User-Role": "", RateLimit: "", "RateLimit-Policy": "" },
      },
    });
    expect(gateway.middlewares["strip-credentials"]).toEqual({
      headers: { customRequestHeaders: { Authorization: "", Cookie: "" } },
    });
    expect(entryPointHttp.aliasHeadersStrategy).toBe("reject");
  });

  it("limit each source, by the address of its connection, to the reference's numbers", () => {
    expect(gateway.middlewares["rate-limit"]).toEqual({
      rateLimit: { average: 20, period: "1m", burst: 40, sourceCriterion: byAddress },
    });
    expect(gateway.middlewares["in-flight"]).toEqual({
      inFlightReq: { amount: 40, sourceCriterion: byAddress },
    });
  });

  it("limit to other numbers where they are given, and to none where limits are off", () => {
    const limits: Limits = { mode: "per-gateway", requestsPerMinute: 600, burst: 7, concurrent: 3 };
    const other = gatewayConfiguration(catalog, { ...options, limits }).middlewares;
    expect(other["rate-limit"]).toMatchObject({ rateLimit: { average: 600, period: "1m", burst: 7 } });
    expect(other["in-flight"]).toMatchObject({ inFlightReq: { amount: 3 } });
    const off = Object.keys(gatewayConfiguration(catalog, { ...options, limits: "off" }).middlewares);
    expect(off.sort()).toEqual(
      Object.keys(gateway.middlewares)
        .filter((name) => name !== "rate-limit" && name !== "in-flight")
        .sort(),
    );
  });

  it("let no longer body in than services take, and keep all of it in memory, for want of a disk", () => {
    expect(gateway.middlewares["whole-body"]).toEqual({
      buffering: { maxRequestBodyBytes: 65_536, memRequestBodyBytes: 65_536 },
    });
  });

  it("ask authentication who it is, showing it the credentials and believing X-User-ID alone", () => {
    expect(gateway.middlewares["authenticate"]).toEqual({
      forwardAuth: {
        address: "https://authentication.internal:8443/validate",
        trustForwardHeader: false,
        maxResponseBodySize: 2048,
        authRequestHeaders: ["Authorization", "Cookie", "X-Request-ID"],
        authResponseHeaders: ["X-User-ID", "X-Request-ID"],
        headerField: "X-User-ID",
        tls: { certificate: "gateway" },
      },
    });
  });

  it("ask and remember by the plugin, where sessions are checked at the gateway", () => {
    const remembering = gatewayConfiguration(catalog, { ...options, checks: "gateway" });
    const { authenticate, ...others } = remembering.middlewares;
    expect(authenticate).toEqual({
      plugin: {
        sessions: {
          address: "https://authentication.internal:8443",
          tls: { certificate: "gateway" },
        },
      },
    });
    const { authenticate: asked, ...same } = gateway.middlewares;
    expect(asked).toHaveProperty("forwardAuth");
    expect(others).toEqual(same);
    expect(remembering.routers).toEqual(gateway.routers);
  });

  it("cannot leave out the check that counts requests", () => {
    const limits: Limits = { ...defaultLimits, mode: "central" };
    expect(() => gatewayConfiguration(catalog, { ...options, limits, checks: "gateway" })).toThrow(/central/);
  });

  it("say with central limits which limit a route has, and believe what is left of it", () => {
    const limits: Limits = { ...defaultLimits, mode: "central" };
    const central = gatewayConfiguration(catalog, { ...options, limits }).middlewares;
    expect(central["authenticate-get-orders"]).toMatchObject({
      forwardAuth: {
        address: "https://authentication.internal:8443/validate?limit=get-orders",
        authRequestHeaders: ["Authorization", "Cookie", "X-Request-ID"],
        authResponseHeaders: ["X-User-ID", "X-Request-ID", "RateLimit", "RateLimit-Policy"],
      },
    });
    expect(central["limit-credentials-public"]).toMatchObject({
      forwardAuth: {
        address: "https://authentication.internal:8443/limit?limit=credentials-public",
        authRequestHeaders: ["Accept", "X-Request-ID"],
        authResponseHeaders: ["X-Request-ID", "RateLimit", "RateLimit-Policy"],
      },
    });
    expect(central["in-flight"]).toEqual({ inFlightReq: { amount: 40, sourceCriterion: byAddress } });
    expect(Object.keys(central)).not.toContain("rate-limit");
  });

  it("ask authorization for the role, showing it the user alone and believing X-User-Role alone", () => {
    expect(gateway.middlewares["authorize-admin"]).toMatchObject({
      forwardAuth: {
        address: "https://authorization.internal:8443/validate?role=admin",
        authRequestHeaders: ["X-User-ID", "X-Request-ID"],
        authResponseHeaders: ["X-User-Role"],
      },
    });
  });

  it("demand HTTPS of browsers for as long as is said, and of none where that is 0", () => {
    expect(gateway.middlewares["security-headers"]).toMatchObject({
      headers: { contentTypeNosniff: true, frameDeny: true, stsSeconds: 3600 },
    });
    const local = gatewayConfiguration(catalog, { ...options, hstsSeconds: 0 });
    expect(local.middlewares["security-headers"]).not.toHaveProperty("headers.stsSeconds");
    expect(local.middlewares["security-headers"]).toHaveProperty("headers.contentTypeNosniff", true);
  });

  it("let pages load what is of their own origin, and all else nothing", () => {
    const policyOf = (name: string) =>
      (gateway.middlewares[name] as { headers: Headers }).headers.contentSecurityPolicy ?? "";
    expect(policyOf("security-headers")).toBe("default-src 'none'; frame-ancestors 'none'");
    expect(policyOf("page-security-headers")).toMatch(/^default-src 'none'; script-src 'self';/);
    for (const policy of ["security-headers", "page-security-headers"].map(policyOf)) {
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/https?:|\*|script-src[^;]*unsafe/);
    }
  });

  it("are the same each time they are made", () => {
    expect(JSON.stringify(gatewayConfiguration(catalog, options))).toBe(JSON.stringify(gateway));
  });
});

describe("the gateway's way to a service", () => {
  it("is mTLS over HTTP/1.1 to a server of that service's name, without the client's Host", () => {
    expect(Object.keys(gateway.services).sort()).toEqual(["authentication", "docs", "orders", "products"]);
    for (const [name, service] of Object.entries(gateway.services)) {
      expect(service).toEqual({ serversTransport: name, passHostHeader: false });
      expect(gateway.serversTransports[name]).toMatchObject({
        serverName: name,
        disableHTTP2: true,
        maxIdleConnsPerHost: 64,
        tls: { certificate: "gateway" },
      });
    }
  });
});

describe("the gateway's door", () => {
  it("is TLS 1.3 by default, for whichever host a client names", () => {
    expect(gateway.tlsOptions).toEqual({ default: tlsOptions });
    expect(tlsOptions.minVersion).toBe("VersionTLS13");
  });

  it("lets no encoded separator in", () => {
    const values = Object.values(entryPointHttp.encodedCharacters);
    expect(values).toHaveLength(7);
    expect(new Set(values)).toEqual(new Set([false]));
  });
});
