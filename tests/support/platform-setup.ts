import type { TestProject } from "vitest/node";
import { startTestPlatform } from "./platform.ts";

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
  const { state, outputs, stop } = await startTestPlatform({ ...recordStatements, fsync: "off" });
  project.provide("outputs", outputs);
  project.provide("state", state);
  return stop;
}
