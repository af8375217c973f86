import { beforeAll, describe, expect, it } from "vitest";
import type { Stack } from "./testing.ts";
import { podsIn, runStack } from "./testing.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await runStack({ limits: "central", limitBurst: 30, pods: { authentication: { maxPods: 6 } } });
});

const pod = (name: string) => stack.one("kubernetes:apps/v1:Deployment", name).spec.template.spec;
const variables = (name: string) =>
  Object.fromEntries((pod(name).containers[0]?.env ?? []).map((entry) => [entry.name, entry.value]));

describe("central limits", () => {
  it("are asked for by every route, with Traefik's limit of requests in flight beside them", () => {
    const chains = stack
      .ofType("kubernetes:traefik.io/v1alpha1:IngressRoute")
      .map(({ spec }) => spec.routes[0].middlewares.map(({ name }) => name));
    for (const chain of chains) {
      expect(chain).toContain("in-flight");
      expect(chain.filter((name) => /^(limit|authenticate)-/.test(name))).toHaveLength(1);
      expect(chain).not.toContain("rate-limit");
    }
    expect(stack.outputs["limits"]).toBe("central");
  });

  it("tell authentication alone the numbers, and how many of its pods there may be", () => {
    expect(variables("authentication")).toMatchObject({
      LIMITS: "central",
      LIMIT_REQUESTS_PER_MINUTE: "20",
      LIMIT_BURST: "30",
      LIMIT_STORE_FAILURE: "local",
      LIMIT_PROCESSES: "6",
      LIMIT_STORE_URL: "rediss://limit-store.gatehouse.svc:6379",
    });
    expect(Object.keys(variables("orders")).filter((name) => name.startsWith("LIMIT"))).toEqual([]);
  });
});

describe("their store", () => {
  it("is reached by authentication only, and reaches nothing", () => {
    const policy = stack.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", "limit-store").spec;
    expect(podsIn(policy.ingress)).toEqual(["authentication"]);
    expect(policy.policyTypes).toEqual(["Ingress", "Egress"]);
    expect(policy.egress).toEqual([]);
    const client = stack.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", "authentication").spec;
    expect(podsIn(client.egress)).toContain("limit-store");
  });

  it("takes TLS only, with a password that is in a Secret and in no other object", () => {
    const secret = stack.one("kubernetes:core/v1:Secret", "limit-store");
    const password = secret.stringData["password"] ?? "";
    expect(secret.stringData["redis.conf"]).toContain(`requirepass ${password}\n`);
    expect(secret.stringData["redis.conf"]).toMatch(/^port 0\ntls-port 6379\n/);
    const holders = stack.resources.filter(({ inputs }) => JSON.stringify(inputs).includes(password));
    expect(new Set(holders.map(({ type }) => type))).toEqual(new Set(["kubernetes:core/v1:Secret"]));
    const { subject, dnsNames } = stack.one(
      "tls:index/certRequest:CertRequest",
      "authority-limit-store-request",
    );
    expect(subject.commonName).toBe("limit-store");
    expect(dnsNames).toContain("limit-store.gatehouse.svc");
  });

  it("is one restricted pod that writes nowhere", () => {
    const { spec } = stack.one("kubernetes:apps/v1:Deployment", "limit-store");
    expect([spec.replicas, spec.strategy.type]).toEqual([1, "Recreate"]);
    expect(pod("limit-store")).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    });
    expect(pod("limit-store").containers[0]?.securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
  });
});
