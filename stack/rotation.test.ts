import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { Stack } from "./testing.ts";
import { runStack } from "./testing.ts";

/** A stack with something of every kind, all of it in the same phase. */
const inPhase = (ring: string, leaves: number) =>
  runStack({
    database: "external",
    databaseUrl: "postgresql://root:canary@db.example.com/defaultdb",
    generations: { ca: ring, leaves, "signing-keys": ring, "database-passwords": ring },
  });

let introduced: Stack;
let used: Stack;
let retired: Stack;
beforeAll(async () => {
  introduced = await inPhase("1,2", 1);
  used = await inPhase("2,1", 2);
  retired = await inPhase("2", 2);
});
const inAll = <R>(look: (stack: Stack) => R): R[] => [introduced, used, retired].map(look);
const annotations = (service: string) =>
  inAll((stack) => stack.one("kubernetes:apps/v1:Deployment", service).spec.template.metadata.annotations);

it("changes Secrets and never makes them anew, so that the gateway has its certificates all the while", () => {
  const project = parse(readFileSync(join(import.meta.dirname, "../Pulumi.yaml"), "utf8")) as {
    config: Record<string, unknown>;
  };
  expect(project.config["kubernetes:enableSecretMutable"]).toBe(true);
});

it("tells as an output what was applied, so that whoever goes on knows where", () => {
  expect(used.outputs["generations"]).toEqual({
    ca: "2,1",
    leaves: "2",
    "signing-keys": "2,1",
    "database-passwords": "2,1",
  });
});

describe("the CA", () => {
  const ca = (generation: number) => `<certificate of authority-${generation}-certificate>`;

  it("is trusted everywhere before it signs, and until nothing is left that it signed", () => {
    const trusted = [ca(1) + ca(2), ca(2) + ca(1), ca(2)];
    for (const secret of ["orders-tls", "gateway-tls", "edge-tls"]) {
      expect(inAll((stack) => stack.one("kubernetes:core/v1:Secret", secret).stringData["ca.crt"])).toEqual(
        trusted,
      );
    }
  });

  it("signs every leaf once it is in use, and none before", () => {
    const issuers = inAll(({ resources }) => {
      const leaves = resources.filter(({ type }) => type === "tls:index/locallySignedCert:LocallySignedCert");
      return [...new Set(leaves.map(({ inputs }) => inputs["caCertPem"]))];
    });
    expect(issuers).toEqual([[ca(1)], [ca(2)], [ca(2)]]);
  });

  it("makes pods roll in every phase", () => {
    expect(new Set(annotations("products").map((found) => JSON.stringify(found))).size).toBe(3);
  });
});

it("gives leaves 90 days, in whose last third the next update replaces them", () => {
  const leaves = retired.resources.filter(
    ({ type }) => type === "tls:index/locallySignedCert:LocallySignedCert",
  );
  const lifetimes = leaves.map(({ inputs }) => [inputs["validityPeriodHours"], inputs["earlyRenewalHours"]]);
  expect(new Set(lifetimes.map(String))).toEqual(new Set([`${90 * 24},${30 * 24}`]));
});

it("gives every leaf a key of its own when leaves are renewed", () => {
  const names = (stack: Stack) => stack.resources.map(({ name }) => name);
  const leaves = names(introduced)
    .filter((name) => /^authority-.*-request$/.test(name))
    .map((name) => name.replace(/-request$/, ""));
  expect(leaves.length).toBeGreaterThan(4);
  expect(names(introduced)).toEqual(expect.arrayContaining(leaves.map((leaf) => `${leaf}-1-key`)));
  expect(names(used)).toEqual(expect.arrayContaining(leaves.map((leaf) => `${leaf}-2-key`)));
  for (const leaf of leaves) expect(names(used)).not.toContain(`${leaf}-1-key`);
});

it("signs tokens with the first key and gives the others without their private parts", () => {
  const signs = inAll((stack) => {
    const text = stack.one("kubernetes:core/v1:Secret", "signing-keys").stringData["signing-keys.json"] ?? "";
    return (JSON.parse(text) as { keys: { d?: string }[] }).keys.map(({ d }) => d !== undefined);
  });
  expect(signs).toEqual([[true, false], [true, false], [true]]);
  const versions = annotations("authentication").map((found) => found["gatehouse.dev/signing-keys-version"]);
  expect(new Set(versions).size).toBe(3);
});

describe("passwords of an external database", () => {
  const lastMigration = (stack: Stack) => {
    const [container] = stack.one("kubernetes:batch/v1:Job", "migrations-job").spec.template.spec.containers;
    if (container === undefined) throw new Error("the migrations have no container");
    return container;
  };

  it("are of a new login, which is made before it is used and dropped after", () => {
    const { name } = lastMigration(introduced);
    const variable = (generation: number) => `DATABASE_PASSWORD_${name.toUpperCase()}_${generation}`;
    const login = (generation: number) => [`${name}_${generation}`, `$(${variable(generation)})`];
    const logins = inAll((stack) => {
      const text = lastMigration(stack).env.find((variable) => variable.name === "DATABASE_LOGINS")?.value;
      return Object.entries(JSON.parse(text ?? "") as object);
    });
    expect(logins).toEqual([[login(1), login(2)], [login(1), login(2)], [login(2)]]);
    expect(lastMigration(introduced).env).toContainEqual({
      name: variable(2),
      valueFrom: { secretKeyRef: { name: `database-${name}-2`, key: "password" } },
    });

    const urls = inAll((stack) => {
      const [orders] = stack.one("kubernetes:apps/v1:Deployment", "orders").spec.template.spec.containers;
      return orders?.env.find((variable) => variable.name === "DATABASE_URL")?.valueFrom.secretKeyRef.name;
    });
    expect(urls).toEqual(["database-orders-1", "database-orders-2", "database-orders-2"]);
  });

  it("need no migration when another login is used: the Job, which runs again when it changes, stays", () => {
    expect(lastMigration(used)).toEqual(lastMigration(introduced));
  });

  it("are none where CockroachDB is installed here", async () => {
    await expect(runStack({ generations: { "database-passwords": "1,2" } })).rejects.toThrow(
      /has no passwords/,
    );
  });
});
