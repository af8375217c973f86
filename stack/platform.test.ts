import type { types } from "@pulumi/kubernetes";
import { beforeAll, describe, expect, it } from "vitest";
import { catalog } from "../services/catalog.ts";
import { servicesWithDatabase } from "../services/shared/catalog.ts";
import type { Registered } from "./program.ts";
import type { Stack } from "./testing.ts";
import { runStack } from "./testing.ts";

type PodSpec = types.output.core.v1.PodSpec;

let stack: Stack;
beforeAll(async () => {
  stack = await runStack();
});

/** The pods of every kind of ours that has any, by name. */
function podSpecs(): [string, PodSpec][] {
  return [
    ...stack
      .ofType("kubernetes:core/v1:Pod")
      .map(({ metadata, spec }): [string, PodSpec] => [metadata.name, spec]),
    ...[...stack.ofType("kubernetes:apps/v1:Deployment"), ...stack.ofType("kubernetes:batch/v1:Job")].map(
      ({ spec: { template } }): [string, PodSpec] => [
        template.metadata.labels["app.kubernetes.io/name"] ?? "",
        template.spec,
      ],
    ),
  ];
}

describe("the namespace", () => {
  it("enforces Pod Security restricted", () => {
    const { labels } = stack.one("kubernetes:core/v1:Namespace", "platform").metadata;

    expect(labels["pod-security.kubernetes.io/enforce"]).toBe("restricted");
  });

  it("denies every connection that no policy allows", () => {
    expect(stack.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", "default-deny").spec).toEqual({
      podSelector: {},
      policyTypes: ["Ingress", "Egress"],
    });
  });
});

describe("every pod of ours", () => {
  it("is known to this test", () => {
    const others = ["cockroachdb-client-secure", "database-readiness", "migrations"];

    expect(
      podSpecs()
        .map(([name]) => name)
        .toSorted(),
    ).toEqual([...Object.keys(catalog), ...others].toSorted());
  });

  it("meets Pod Security restricted, writes nowhere on its root and has no token", () => {
    for (const [name, pod] of podSpecs()) {
      expect(pod, name).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      });
      for (const container of containersOf(pod)) {
        expect(container.securityContext, name).toMatchObject({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
        expect(container.resources.limits["memory"], name).toBeDefined();
      }
    }
  });
});

describe("secrets", () => {
  const holdsSecret = ({ inputs }: Registered) => /PRIVATE KEY|<password of/.test(JSON.stringify(inputs));

  it("are marked as secret wherever they are", () => {
    const holders = stack.resources.filter(holdsSecret);

    expect(holders.length).toBeGreaterThan(0);
    for (const { type, name, secrets } of holders) expect(secrets, `${type} ${name}`).not.toEqual([]);
  });

  it("are in Secrets alone, as far as the cluster knows them", () => {
    const objects = stack.resources.filter(holdsSecret).filter(({ type }) => type.startsWith("kubernetes:"));

    expect(new Set(objects.map(({ type }) => type))).toEqual(new Set(["kubernetes:core/v1:Secret"]));
    for (const { secrets } of objects) expect(secrets).toContain("stringData");
  });

  it("are not in the values of a chart", () => {
    const releases = stack.ofType("kubernetes:helm.sh/v3:Release");

    expect(releases).toHaveLength(2);
    for (const release of releases) expect(JSON.stringify(release)).not.toMatch(/PRIVATE KEY|<password of/);
  });
});

describe("the migrations", () => {
  const migrations = () =>
    containersOf(stack.one("kubernetes:batch/v1:Job", "migrations-job").spec.template.spec);

  it("run one service after the other, each in its own image, as the administrator of the database", () => {
    expect(migrations().map(({ name }) => name)).toEqual(servicesWithDatabase(catalog));
    for (const { name, image, command, env } of migrations()) {
      expect(image).toContain(`gatehouse-${name}:`);
      expect(command).toEqual(["node", "/app/migrate.mjs"]);
      expect(env).toContainEqual({
        name: "DATABASE_URL",
        value: "postgresql://root@cockroachdb-public.gatehouse.svc:26257/defaultdb",
      });
    }
  });

  it("tell the administrator's password to the service alone that keeps passwords", () => {
    const readers = migrations().filter(({ env }) => env.some(({ name }) => name === "ADMIN_PASSWORD"));

    expect(readers.map(({ name }) => name)).toEqual(["authentication"]);
  });
});

function containersOf(pod: Pick<PodSpec, "containers"> & Partial<PodSpec>) {
  return [...(pod.initContainers ?? []), ...pod.containers];
}
