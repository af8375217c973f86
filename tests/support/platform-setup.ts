import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { startPlatform } from "../../local/platform.ts";
import { silentProgress } from "../../local/progress.ts";
import type { TestOutputs } from "./outputs.ts";

/** PostgreSQL's own record of every statement, without the values; tests/local/statements.test.ts reads it. */
const recordStatements = {
  log_statement: "all",
  log_destination: "jsonlog",
  logging_collector: "on",
  log_directory: "statements",
  log_filename: "statements.log",
  log_parameter_max_length: "0",
};

/** Starts a platform on free ports with a state of its own for all tests of the run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const state = await mkdtemp(join(tmpdir(), "gatehouse-suite-"));
  const platform = await startPlatform(
    {
      port: 0,
      httpPort: undefined,
      state,
      replicas: 2,
      limits: true,
      drills: true,
      roleRefusal: "401",
      databaseUrl: undefined,
    },
    silentProgress,
    { postgresSettings: { ...recordStatements, fsync: "off" } },
  );
  project.provide("outputs", platform.outputs satisfies TestOutputs);
  project.provide("state", state);
  return async () => {
    await platform.stop();
    await rm(state, { recursive: true, force: true });
  };
}
