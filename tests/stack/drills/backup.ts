import { z } from "zod";
import { catalog } from "../../../services/catalog.ts";
import { servicesWithDatabase } from "../../../services/shared/catalog.ts";
import type { Cluster } from "../cluster.ts";
import { until } from "../cluster.ts";
import { expectNoFailure, underLoad } from "../load.ts";
import { User } from "../user.ts";
import type { Drill, DrillContext } from "./drill.ts";
import { calm } from "./drill.ts";

/** Once a year: while the drill goes on, only it makes backups. */
const SCHEDULE = "0 0 1 1 *";
const CLIENT_POD = "cockroachdb-client-secure";
const stored = servicesWithDatabase(catalog);

/** All tables of all services are lost, and what a backup holds comes back: that and nothing else. */
export const backup: Drill = async (context) => {
  const { cluster, outputs, say } = context;
  const user = await User.signUp(outputs);
  try {
    await context.deploy({ backupSchedule: SCHEDULE });
    await buy(user);
    const before = await user.ask({ method: "GET", path: "/orders" });
    const result = await underLoad(outputs, async () => say(await runJob(cluster, "backup")));
    const fared = expectNoFailure("while the databases were backed up", result);
    await buy(user);

    await loseEverything(context);
    const { status } = await user.ask({ method: "GET", path: "/orders" });
    if (status < 500) throw new Error(`without its tables orders answers ${status}`);
    say(`all tables dropped: orders answers ${status}`);

    const seconds = await restore(context);
    const after = await user.ask({ method: "GET", path: "/orders" });
    if (after.status !== 200 || JSON.stringify(after) !== JSON.stringify(before))
      throw new Error(`orders were ${JSON.stringify(before)}, and are ${JSON.stringify(after)}`);
    await context.suite();
    return `backup: ${fared}; all tables lost, restored after ${seconds.toFixed(0)} s; the suite passes on the copy`;
  } finally {
    await user.close();
    await context.deploy({ backupSchedule: "" });
  }
};

async function buy(user: User): Promise<void> {
  await user.expect(201, { method: "POST", path: "/products/moka-pot/buy" });
}

/** As docs/backup.md says. Gives the seconds for which there was no service. */
async function restore(context: DrillContext): Promise<number> {
  const { cluster, say } = context;
  const start = Date.now();
  await scale(cluster, 0);
  try {
    say(await runJob(cluster, "restore"));
  } finally {
    await scale(cluster, 2);
  }
  await calm(context);
  return (Date.now() - start) / 1000;
}

async function scale(cluster: Cluster, replicas: number): Promise<void> {
  await cluster.kubectl(["scale", "deployment", ...stored, `--replicas=${replicas}`]);
  for (const name of stored) await cluster.settle(name, replicas);
}

async function loseEverything({ cluster }: DrillContext): Promise<void> {
  const sql = (database: string, statement: string) =>
    cluster.kubectl(["exec", CLIENT_POD, "--", "psql", "-d", database, "-qAtc", statement]);
  for (const database of stored) {
    const tables = await sql(database, "select tablename from pg_tables where schemaname = 'public'");
    await sql(database, `drop table ${tables.trim().split("\n").join(", ")} cascade`);
  }
}

const jobStatus = z.object({
  status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]) }),
});

/** Runs a Job of a CronJob's template to its end. @returns what its container of that name wrote */
async function runJob(cluster: Cluster, name: string): Promise<string> {
  const job = `${name}-${Date.now().toString(36)}`;
  await cluster.kubectl(["create", "job", job, `--from=cronjob/${name}`]);
  const ended = async () => {
    const { status } = jobStatus.parse(JSON.parse(await cluster.kubectl(["get", "job", job, "-o", "json"])));
    return status.conditions.find(
      ({ type, status: is }) => /^(Complete|Failed)$/.test(type) && is === "True",
    );
  };
  await until(`the job ${job} has ended`, 300, async () => (await ended()) !== undefined);
  const log = (await cluster.kubectl(["logs", `job/${job}`, "-c", name])).trim();
  if ((await ended())?.type === "Failed") throw new Error(`the job ${job} failed: ${log}`);
  return log;
}
