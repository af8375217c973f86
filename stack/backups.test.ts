import { beforeAll, describe, expect, it } from "vitest";
import { catalog } from "../services/catalog.ts";
import { servicesWithDatabase } from "../services/shared/catalog.ts";
import type { Stack } from "./testing.ts";
import { podsIn, runStack } from "./testing.ts";

const schedule = "0 3 * * *";
const external = {
  database: "external",
  databaseUrl: "postgresql://root:canary@db.example.com:5433/defaultdb",
  generations: { "database-passwords": "1,2" },
};

let stack: Stack;
let elsewhere: Stack;
beforeAll(async () => {
  stack = await runStack({ backupSchedule: schedule, backupsKept: 3, backupStorage: "5Gi" });
  elsewhere = await runStack({ backupSchedule: schedule, ...external });
});

const cron = (name: string, of = stack) => of.one("kubernetes:batch/v1:CronJob", name).spec;
const pod = (name: string, of = stack) => cron(name, of).jobTemplate.spec.template.spec;
/** All containers of a pod in the order in which they run. */
const containers = (name: string, of = stack) => [
  ...pod(name, of).initContainers,
  ...pod(name, of).containers,
];
const variables = (name: string, of = stack) =>
  Object.fromEntries(
    (containers(name, of)[0]?.env ?? []).map(({ name: variable, value, valueFrom }) => [
      variable,
      (value as string | undefined) ?? valueFrom.secretKeyRef.name,
    ]),
  );

it("are none, with nothing of theirs, where no schedule is set", async () => {
  const without = await runStack();
  expect(without.ofType("kubernetes:batch/v1:CronJob")).toEqual([]);
  expect(without.resources.filter(({ name }) => name.includes("backup"))).toEqual([]);
  const { ingress } = without.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", "cockroachdb-nodes").spec;
  expect(podsIn(ingress)).not.toContain("restore");
});

it("refuse a schedule that cron would not take", async () => {
  await expect(runStack({ backupSchedule: "at night" })).rejects.toThrow(/gatehouse:backupSchedule: .*cron/);
});

describe("the backup", () => {
  it("runs by the schedule, one at a time, and ends in an hour", () => {
    expect(cron("backup")).toMatchObject({ schedule, suspend: false, concurrencyPolicy: "Forbid" });
    expect(cron("backup").jobTemplate.spec.activeDeadlineSeconds).toBe(3600);
  });

  it("keeps as many as are wanted in a volume of its own, which nothing waits for", () => {
    const claim = stack.one("kubernetes:core/v1:PersistentVolumeClaim", "backups");
    expect(claim.spec.resources.requests).toEqual({ storage: "5Gi" });
    expect(claim.spec).not.toHaveProperty("storageClassName");
    expect(claim.metadata.annotations).toEqual({ "pulumi.com/skipAwait": "true" });
    const [mount] = containers("backup")[0]?.volumeMounts.filter(({ name }) => name === "backups") ?? [];
    expect(variables("backup")).toMatchObject({ BACKUP_FOLDER: mount?.mountPath, BACKUPS_KEPT: "3" });
  });

  it("signs in as itself, by its own certificate, and has no other", () => {
    expect(variables("backup")["DATABASE_URL"]).toMatch(/^postgresql:\/\/backup@cockroachdb-public\./);
    const secrets = pod("backup").volumes.flatMap(
      ({ secret }) => (secret as typeof secret | undefined) ?? [],
    );
    expect(secrets.map(({ secretName }) => secretName)).toEqual(["backup-tls"]);
    const { subject } = stack.one("tls:index/certRequest:CertRequest", "authority-backup-request");
    expect(subject.commonName).toBe("backup");
  });

  it("has a login with a password of its own in an external database, which the migrations make", () => {
    expect(variables("backup", elsewhere)["DATABASE_URL"]).toBe("database-backup-1");
    const job = elsewhere.one("kubernetes:batch/v1:Job", "migrations-job").spec.template.spec;
    for (const { name, env } of [...job.initContainers, ...job.containers]) {
      const logins = env.find((variable) => variable.name === "DATABASE_LOGINS")?.value ?? "";
      expect(JSON.parse(logins)).toEqual({
        [`${name}_1`]: `$(DATABASE_PASSWORD_${name.toUpperCase()}_1)`,
        [`${name}_2`]: `$(DATABASE_PASSWORD_${name.toUpperCase()}_2)`,
        backup_1: "$(DATABASE_PASSWORD_BACKUP_1)",
        backup_2: "$(DATABASE_PASSWORD_BACKUP_2)",
      });
    }
  });
});

describe("the restore", () => {
  it("never runs by itself", () => {
    expect(cron("restore").suspend).toBe(true);
  });

  it("is followed by the migrations of today, each service's with what it reads", () => {
    expect(containers("restore").map(({ name }) => name)).toEqual([
      "restore",
      ...servicesWithDatabase(catalog),
    ]);
    const job = stack.one("kubernetes:batch/v1:Job", "migrations-job").spec.template.spec;
    expect(containers("restore").slice(1)).toEqual([...job.initContainers, ...job.containers]);
  });

  it("signs in as the administrator and takes the newest backup, unless told which", () => {
    expect(variables("restore")["DATABASE_URL"]).toMatch(/^postgresql:\/\/root@/);
    expect(variables("restore")["BACKUP"]).toBe("");
    expect(variables("restore", elsewhere)["DATABASE_URL"]).toBe("database-administrator");
    expect(variables("restore", elsewhere)).not.toHaveProperty("DATABASE_LOGINS");
  });
});

describe.each(["backup", "restore"])("the pod of a %s", (name) => {
  it("reaches the database and nothing else, and nobody reaches it", () => {
    const policy = stack.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", name).spec;
    expect(policy.policyTypes).toEqual(["Ingress", "Egress"]);
    expect(policy).not.toHaveProperty("ingress");
    expect(podsIn(policy.egress)).toEqual(["cockroachdb"]);
    const { ingress } = stack.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", "cockroachdb-nodes").spec;
    expect(podsIn(ingress)).toContain(name);
    const outside = elsewhere.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", name).spec.egress;
    expect(outside).toEqual([{ ports: [{ protocol: "TCP", port: 5433 }] }]);
  });

  it("is restricted, with bounds on what it takes", () => {
    expect(pod(name)).toMatchObject({ automountServiceAccountToken: false, restartPolicy: "OnFailure" });
    for (const { resources, securityContext } of containers(name)) {
      expect(securityContext).toMatchObject({
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
      expect(Object.keys(resources.limits)).toEqual(expect.arrayContaining(["cpu", "memory"]));
    }
  });
});
