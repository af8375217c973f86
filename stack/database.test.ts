import { beforeAll, describe, expect, it } from "vitest";
import type { Stack } from "./testing.ts";
import { podsIn, runStack } from "./testing.ts";

describe("CockroachDB", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await runStack();
  });
  const release = () => stack.one("kubernetes:helm.sh/v3:Release", "database-release");

  it("is three nodes with our certificates, and never awaited by the release", () => {
    expect(release()).toMatchObject({ chart: "cockroachdb", version: "21.0.1", skipAwait: true });
    expect(release().values).toMatchObject({
      statefulset: { replicas: 3 },
      conf: { "single-node": false },
      tls: {
        enabled: true,
        certs: {
          provided: true,
          tlsSecret: true,
          nodeSecret: "cockroachdb-node",
          selfSigner: { enabled: false },
        },
      },
    });
  });

  it("has a node certificate for every name at which nodes and clients look for it", () => {
    const { dnsNames, subject } = stack.one(
      "tls:index/certRequest:CertRequest",
      "authority-database-node-request",
    );

    expect(subject.commonName).toBe("node");
    expect(dnsNames).toEqual(
      expect.arrayContaining([
        "localhost",
        "cockroachdb-public",
        "cockroachdb-public.gatehouse.svc",
        "cockroachdb-public.gatehouse.svc.cluster.local",
        "*.cockroachdb",
        "*.cockroachdb.gatehouse.svc.cluster.local",
      ]),
    );
  });

  it("lets in services with a database, the migrations and the client pod", () => {
    const { ingress } = stack.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", "cockroachdb-nodes").spec;
    const names = (port: number) =>
      podsIn(ingress.filter(({ ports }) => ports.some((allowed) => allowed.port === port)));

    expect(names(26257).toSorted()).toEqual(
      [
        ...["authentication", "authorization", "orders", "products"],
        ...["cockroachdb", "cockroachdb-client-secure", "migrations"],
      ].toSorted(),
    );
    expect(names(8080).toSorted()).toEqual(["cockroachdb", "database-readiness"]);
  });

  it("is a single node where one is asked for", async () => {
    const small = await runStack({ databaseNodes: 1 });

    expect(small.one("kubernetes:helm.sh/v3:Release", "database-release").values).toMatchObject({
      statefulset: { replicas: 1 },
      conf: { "single-node": true },
    });
  });
});

describe("an external database", () => {
  const url = "postgresql://root:canary-password@db.example.com:5433/defaultdb?sslmode=verify-full";
  let stack: Stack;
  beforeAll(async () => {
    stack = await runStack({ database: "external", databaseUrl: url });
  });

  it("installs none here", () => {
    const charts = stack.ofType("kubernetes:helm.sh/v3:Release").map(({ chart }) => chart);

    expect(charts).toEqual(["traefik"]);
  });

  it("gives every service a login and a password of its own, from a Secret", () => {
    const env = stack.one("kubernetes:apps/v1:Deployment", "orders").spec.template.spec.containers[0]?.env;
    const secret = stack.one("kubernetes:core/v1:Secret", "database-orders-1-secret");

    expect(env).toContainEqual({
      name: "DATABASE_URL",
      valueFrom: { secretKeyRef: { name: "database-orders-1", key: "url" } },
    });
    expect(new URL(secret.stringData["url"] ?? "")).toMatchObject({
      username: "orders_1",
      pathname: "/orders",
      host: "db.example.com:5433",
      search: "?sslmode=verify-full",
    });
    expect(secret.stringData["url"]).not.toContain("canary-password");
  });

  it("shows its administrator's password to nobody but the Secret that the migrations read", () => {
    const holders = stack.resources.filter(({ inputs }) =>
      JSON.stringify(inputs).includes("canary-password"),
    );

    expect(holders.map(({ name }) => name)).toEqual(["database-administrator-secret"]);
    expect(holders[0]?.secrets).toContain("stringData");
  });

  it("lets services out to its port", () => {
    const { egress } = stack.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", "orders").spec;

    expect(egress).toContainEqual({ ports: [{ protocol: "TCP", port: 5433 }] });
  });
});
