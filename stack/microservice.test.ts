import { beforeAll, describe, expect, it } from "vitest";
import { catalog } from "../services/catalog.ts";
import { calleesOf, callersOf, servicesWithDatabase } from "../services/shared/catalog.ts";
import type { Stack } from "./testing.ts";
import { podsIn, runStack } from "./testing.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await runStack();
});

const names = Object.keys(catalog);
const stored: readonly string[] = servicesWithDatabase(catalog);
const pod = (name: string) => stack.one("kubernetes:apps/v1:Deployment", name).spec.template.spec;
const container = (name: string) => {
  const [only] = pod(name).containers;
  if (only === undefined) throw new Error(`${name} has no container`);
  return only;
};
const variable = (name: string, key: string): unknown =>
  container(name).env.find((entry) => entry.name === key)?.value;

describe.each(names)("the Deployment of %s", (name) => {
  it("leaves the number of its pods to an autoscaler from 2 to 3 at 50 % CPU", () => {
    const autoscaler = stack.one("kubernetes:autoscaling/v2:HorizontalPodAutoscaler", name).spec;

    expect(stack.one("kubernetes:apps/v1:Deployment", name).spec).not.toHaveProperty("replicas");
    expect(autoscaler).toMatchObject({ minReplicas: 2, maxReplicas: 3, scaleTargetRef: { name } });
    expect(autoscaler.metrics[0]?.resource).toEqual({
      name: "cpu",
      target: { type: "Utilization", averageUtilization: 50 },
    });
    expect(autoscaler.behavior.scaleDown.stabilizationWindowSeconds).toBe(300);
  });

  it("is restarted after three failed liveness checks 10 s apart, over HTTPS", () => {
    const { livenessProbe, readinessProbe, startupProbe } = container(name);

    expect(livenessProbe).toMatchObject({
      httpGet: { path: "/health", scheme: "HTTPS" },
      periodSeconds: 10,
      failureThreshold: 3,
    });
    expect(readinessProbe.httpGet.path).toBe("/health/ready");
    expect(startupProbe.httpGet.path).toBe("/health");
  });

  it("asks for, and is limited to, 250m CPU and 128Mi memory, and cannot fill the node's disk", () => {
    const expected = { cpu: "250m", memory: "128Mi" };

    expect(container(name).resources).toEqual({
      requests: { ...expected, "ephemeral-storage": "64Mi" },
      limits: { ...expected, "ephemeral-storage": "1Gi" },
    });
  });

  it("never has fewer pods than before while it is updated", () => {
    expect(stack.one("kubernetes:apps/v1:Deployment", name).spec.strategy.rollingUpdate).toEqual({
      maxUnavailable: 0,
      maxSurge: 1,
    });
    expect(Number(variable(name, "SHUTDOWN_DELAY_MS")) / 1000 + 10).toBeLessThanOrEqual(
      pod(name).terminationGracePeriodSeconds,
    );
  });

  it("takes connections from its callers in the catalog only, and opens them to its callees and the database", () => {
    const policy = stack.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", name).spec;

    expect(policy.policyTypes).toEqual(["Ingress", "Egress"]);
    expect(podsIn(policy.ingress)).toEqual(callersOf(catalog, name));
    const database = stored.includes(name) ? ["cockroachdb"] : [];
    expect(podsIn(policy.egress)).toEqual([...calleesOf(catalog, name), ...database]);
  });

  it("says where Prometheus finds its metrics", () => {
    const { annotations } = stack.one("kubernetes:apps/v1:Deployment", name).spec.template.metadata;
    expect(annotations).toMatchObject({
      "prometheus.io/scheme": "https",
      "prometheus.io/port": "8443",
      "prometheus.io/path": "/metrics",
    });
  });

  it("rolls when its certificate changes", () => {
    const { annotations } = stack.one("kubernetes:apps/v1:Deployment", name).spec.template.metadata;

    expect(annotations["gatehouse.dev/tls-version"]).toMatch(/^[0-9a-f]{16}$/);
  });
});

describe.each(stored)("the Deployment of %s", (name) => {
  it("signs in to its own database as itself, with its certificate and no password", () => {
    expect(variable(name, "DATABASE_URL")).toBe(
      `postgresql://${name}@cockroachdb-public.gatehouse.svc:26257/${name}`,
    );
    expect(variable(name, "DATABASE_CERT_FILE")).toBe(variable(name, "TLS_CERT_FILE"));
  });
});

it("gives each service the address of every service that it calls", () => {
  expect(variable("products", "ORDERS_URL")).toBe("https://orders.gatehouse.svc");
  expect(variable("orders", "ORDERS_URL")).toBeUndefined();
});

it("gives single services what only they read", () => {
  expect(variable("authentication", "SIGNING_KEYS_FILE")).toBe(
    "/etc/gatehouse/signing-keys/signing-keys.json",
  );
  expect(variable("authorization", "ROLE_REFUSAL_STATUS")).toBe("401");
  expect(variable("products", "ROLE_REFUSAL_STATUS")).toBeUndefined();
});

it("tags images by their content", () => {
  const references = names.map((name) => container(name).image);

  for (const reference of references)
    expect(reference).toMatch(/^localhost:5000\/gatehouse-[a-z]+:[0-9a-f]{16}$/);
  expect(new Set(references.map((reference) => reference.split(":").at(-1))).size).toBe(names.length);
});

it("takes the settings of one service without those of the others", async () => {
  const other = await runStack({ pods: { orders: { maxPods: 9, cpu: "100m" } }, cpuLimit: "1" });
  const limits = (name: string) =>
    other.one("kubernetes:apps/v1:Deployment", name).spec.template.spec.containers[0]?.resources;

  expect(other.one("kubernetes:autoscaling/v2:HorizontalPodAutoscaler", "orders").spec.maxReplicas).toBe(9);
  expect(other.one("kubernetes:autoscaling/v2:HorizontalPodAutoscaler", "products").spec.maxReplicas).toBe(3);
  expect(limits("orders")).toMatchObject({ requests: { cpu: "100m" }, limits: { cpu: "1" } });
  expect(limits("products")).toMatchObject({ requests: { cpu: "250m" }, limits: { cpu: "1" } });
});
