import type { TestProject } from "vitest/node";
import { startTestPlatform } from "./platform.ts";
import { secretsInLogs } from "./secrets-in-logs.ts";

/** PostgreSQL's own record of every statement, without the values; tests/local/statements.test.ts reads it. */
const recordStatements = {
  log_statement: "all",
  log_destination: "jsonlog",
  logging_collector: "on",
  log_directory: "statements",
  log_filename: "statements.log",
  log_parameter_max_length: "0",
};

/**
 * Starts a platform on free ports with a state of its own for all tests of the run, whose logs must have no secret in
 * them when it ends.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { state, outputs, stop } = await startTestPlatform({ ...recordStatements, fsync: "off" });
  project.provide("outputs", outputs);
  project.provide("state", state);
  return async () => {
    const secrets = secretsInLogs(state);
    await stop();
    if (secrets.length > 0) throw new Error(`the logs of the whole run have ${secrets.join(", ")}`);
  };
}
