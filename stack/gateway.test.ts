import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { catalog } from "../services/catalog.ts";
import { allRoutes } from "../services/shared/catalog.ts";
import type { Stack } from "./testing.ts";
import { podsIn, runStack } from "./testing.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await runStack();
});

const routes = (from: Stack) =>
  from.ofType("kubernetes:traefik.io/v1alpha1:IngressRoute").map(({ spec: { routes } }) => ({
    match: routes[0].match,
    middlewares: routes[0].middlewares.map(({ name }) => name),
  }));

describe("routes", () => {
  it("blank the identity headers before anything else", () => {
    for (const { match, middlewares } of routes(stack)) expect(middlewares[0], match).toBe("strip-identity");
  });

  it("are limited, every one of them", () => {
    for (const { match, middlewares } of routes(stack)) {
      expect(middlewares, match).toEqual(expect.arrayContaining(["rate-limit", "in-flight"]));
    }
    expect(stack.one("kubernetes:traefik.io/v1alpha1:Middleware", "rate-limit").spec).toMatchObject({
      rateLimit: { average: 20, period: "1m", burst: 40 },
    });
  });

  it("have no limits where they are switched off", async () => {
    const unlimited = await runStack({ limits: "off" });

    expect(unlimited.outputs["limits"]).toBe("off");
    for (const { middlewares } of routes(unlimited)) expect(middlewares).not.toContain("rate-limit");
  });

  it("check who asks, unless the catalog says that they are public", () => {
    const isPublic = allRoutes(catalog, { drills: false })
      .filter(({ access }) => access === "public")
      .map(({ path }) => path);
    const open = routes(stack).filter(({ middlewares }) => !middlewares.includes("authenticate"));

    expect(open).not.toEqual([]);
    for (const { match } of open) {
      expect(
        isPublic.some((path) => match.includes(`\`${path}\``)),
        match,
      ).toBe(true);
    }
    const admin = routes(stack).find(({ match }) => match.includes("`/products/admin`"));
    expect(admin?.middlewares).toEqual(expect.arrayContaining(["authenticate", "authorize-admin"]));
  });

  it("do not lead to what the catalog calls internal, nor to drills unless they are on", async () => {
    const drills = await runStack({ drills: true });
    const paths = (of: Stack) => routes(of).map(({ match }) => match);

    expect(paths(drills).some((match) => match.includes("/orders/fail"))).toBe(true);
    for (const match of paths(stack)) expect(match).not.toMatch(/\/fail`|microservice|validate/);
  });
});

describe("the release", () => {
  const release = () => stack.one("kubernetes:helm.sh/v3:Release", "gateway-release");

  it("pins the first chart that knows aliasHeadersStrategy, and Traefik 3.7.15", () => {
    expect(release()).toMatchObject({
      chart: "traefik",
      version: "41.4.0",
      values: { image: { tag: "v3.7.15" } },
    });
  });

  it("refuses aliases of headers, large headers and slow requests at the door", () => {
    expect(release().values).toMatchObject({
      ports: {
        websecure: {
          http: { aliasHeadersStrategy: "reject", maxHeaderBytes: 8192 },
          transport: { respondingTimeouts: { readTimeout: "15s" } },
        },
      },
      additionalArguments: ["--entryPoints.websecure.http2.maxConcurrentStreams=128"],
    });
  });

  it("scales from 2 to 3 pods, and leaves their number to the autoscaler", () => {
    expect(release().values).toMatchObject({
      autoscaling: { enabled: true, minReplicas: 2, maxReplicas: 3 },
      podDisruptionBudget: { enabled: true, maxUnavailable: 1 },
    });
    expect(release().values).not.toHaveProperty("deployment.replicas", expect.any(Number));
  });

  it("is ready only once its first configuration is applied", () => {
    expect(release().values).toMatchObject({
      deployment: { readinessPath: "/ready" },
      ingressRoute: { healthcheck: { enabled: true, matchRule: "Path(`/ready`)" } },
    });
  });

  it("shows its metrics to pods of Prometheus alone, by router and service", () => {
    expect(release().values).toMatchObject({
      metrics: {
        prometheus: {
          entryPoint: "metrics",
          addRoutersLabels: true,
          buckets: expect.stringMatching(/^0\.005,.*,5$/) as string,
        },
      },
      ports: { metrics: { port: 9100, expose: { default: false } } },
      deployment: { podAnnotations: { "prometheus.io/scheme": "http", "prometheus.io/port": "9100" } },
    });
    const { ingress } = stack.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", "gateway").spec;
    const toMetrics = ingress.filter(({ ports }) => ports.some(({ port }) => port === 9100));
    expect(podsIn(toMetrics)).toEqual(["prometheus"]);
    expect(toMetrics.every(({ from }) => from.length === 1)).toBe(true);
  });

  it("sends traces where a collector is named, as the services do, and nowhere else", async () => {
    expect(release().values).not.toHaveProperty("tracing");
    const traced = await runStack({ tracesEndpoint: "http://collector.monitoring:4318" });
    expect(traced.one("kubernetes:helm.sh/v3:Release", "gateway-release").values).toMatchObject({
      tracing: { otlp: { http: { enabled: true, endpoint: "http://collector.monitoring:4318/v1/traces" } } },
    });
    const [orders] = traced.one("kubernetes:apps/v1:Deployment", "orders").spec.template.spec.containers;
    expect(orders?.env).toContainEqual({
      name: "OTEL_EXPORTER_OTLP_ENDPOINT",
      value: "http://collector.monitoring:4318",
    });
    for (const name of ["gateway", "orders"]) {
      const { egress } = traced.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", name).spec;
      expect(egress.flatMap(({ ports }) => ports.map(({ port }) => port))).toContain(4318);
    }
  });

  it("has rights and routes in its own namespace alone", () => {
    expect(release().values).toMatchObject({
      rbac: { namespaced: true },
      ingressClass: { enabled: false },
      providers: { kubernetesIngress: { enabled: false } },
    });
  });
});

describe("sessions that the gateway remembers", () => {
  const leaseIn = (of: Stack) =>
    of
      .one("kubernetes:apps/v1:Deployment", "authentication")
      .spec.template.spec.containers[0]?.env.find(({ name }) => name === "REVOCATION_LEASE_MS")?.value;

  it("are none by default: no plugin, and nobody waits for a lease", () => {
    expect(stack.one("kubernetes:helm.sh/v3:Release", "gateway-release").values).not.toHaveProperty(
      "experimental",
    );
    expect(leaseIn(stack)).toBe("0");
  });

  it("come with the plugin's whole source, the files that it reads, and a lease that services wait for", async () => {
    const remembering = await runStack({ checks: "gateway" });
    const folder = join(import.meta.dirname, "../gateway/plugins-local/src/gatehouse/sessions");
    const source = Object.fromEntries(
      ["sessions", "ask", "lease", "memory", "service"]
        .map((name) => `${name}.go`)
        .concat(".traefik.yml", "go.mod")
        .map((name) => [name, readFileSync(join(folder, name), "utf8")]),
    );
    expect(remembering.one("kubernetes:helm.sh/v3:Release", "gateway-release").values).toMatchObject({
      deployment: {
        podAnnotations: { "gatehouse/sessions-plugin": expect.stringMatching(/^[0-9a-f]{16}$/) as string },
      },
      experimental: {
        abortOnPluginFailure: true,
        localPlugins: {
          sessions: {
            moduleName: "gatehouse/sessions",
            mountPath: "/plugins-local/src/gatehouse/sessions",
            type: "inlinePlugin",
            source,
          },
        },
      },
      volumes: [{ name: "gateway-tls", mountPath: "/certificates", type: "secret" }],
      accessLog: { fields: { headers: { names: { "X-User-Id": "keep" } } } },
    });
    expect(remembering.one("kubernetes:traefik.io/v1alpha1:Middleware", "authenticate").spec).toEqual({
      plugin: {
        sessions: {
          address: "https://authentication.gatehouse.svc",
          ca: "/certificates/ca.crt",
          certificate: "/certificates/tls.crt",
          key: "/certificates/tls.key",
        },
      },
    });
    expect(leaseIn(remembering)).toBe("500");
  });

  it("take other pods with every step of a rotation that changes the certificates in them", async () => {
    const annotations = async (generations: Record<string, string>) => {
      const { values } = (await runStack({ checks: "gateway", generations })).one(
        "kubernetes:helm.sh/v3:Release",
        "gateway-release",
      );
      return JSON.stringify((values as { deployment: { podAnnotations: object } }).deployment.podAnnotations);
    };
    const steps = [{}, { ca: "1,2" }, { ca: "2,1" }, { ca: "2" }, { leaves: "2" }];
    const seen = [];
    for (const step of steps) seen.push(await annotations(step));
    expect(new Set(seen).size).toBe(steps.length);
    expect(await annotations({ "signing-keys": "1,2" })).toBe(seen[0]);
  });

  it("are not with limits that are counted by the check", async () => {
    await expect(runStack({ checks: "gateway", limits: "central" })).rejects.toThrow(/gatehouse:checks/);
  });
});

describe("the address", () => {
  it("is the load balancer's own, which the certificate has too", () => {
    const request = stack.one("tls:index/certRequest:CertRequest", "authority-edge-request");

    expect(stack.one("kubernetes:core/v1:Service", "gateway").spec).toMatchObject({
      type: "LoadBalancer",
      externalTrafficPolicy: "Local",
    });
    expect(request.ipAddresses).toEqual(["192.0.2.1"]);
  });

  it("is the first host that is named, with the port of the nodes where that is how clients come", async () => {
    const other = await runStack({ exposure: "NodePort", hosts: ["shop.example.com", "192.0.2.7"] });
    const request = other.one("tls:index/certRequest:CertRequest", "authority-edge-request");

    expect(request.dnsNames).toEqual(["localhost", "shop.example.com"]);
    expect(request.ipAddresses).toEqual(["192.0.2.7"]);
    expect(other.one("kubernetes:core/v1:Service", "gateway").spec.ports).toContainEqual(
      expect.objectContaining({ name: "websecure", port: 443, nodePort: 30443 }),
    );
    expect(other.one("kubernetes:helm.sh/v3:Release", "gateway-release").values).toMatchObject({
      ports: { websecure: { exposedPort: 30443 } },
    });
  });
});
