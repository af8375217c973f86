import { Command, InvalidArgumentError, Option } from "commander";
import { resolve } from "node:path";
import type { Checks } from "../gateway/checks.ts";
import { contradiction } from "../gateway/checks.ts";

/** How a local platform is to run. */
export interface LocalOptions {
  /** Port of the gateway on 127.0.0.1; 0 for any free one. */
  readonly port: number;
  /** Port that redirects HTTP to the gateway; undefined for 8080 or, where that is taken, any free one. */
  readonly httpPort: number | undefined;
  /** Folder that holds all that outlives a run. */
  readonly state: string;
  /** Processes of each service. */
  readonly replicas: number;
  /** Who counts requests: each gateway, nobody, or the authentication service for all gateways. */
  readonly limits: "on" | "off" | "central";
  /** Where it is checked who is signed in. */
  readonly checks: Checks;
  /** What a request meets while the store of the central limits does not answer. */
  readonly limitStoreFailure: "local" | "open" | "closed";
  readonly drills: boolean;
  /** Port of the dashboard; undefined for 8081 or, where that is taken, any free one. */
  readonly dashboardPort?: number | "off" | undefined;
  /** Base URL of an OTLP/HTTP collector to which traces go, or {@link TO_DASHBOARD}. */
  readonly traces?: string | undefined;
  /** Whether the processes' log lines are printed too. */
  readonly logs: boolean;
  /** What a signed-in user without the role is answered. */
  readonly roleRefusal: "401" | "403";
  /** A database server to use in place of the embedded one, as its administrator. */
  readonly databaseUrl: string | undefined;
}

/** The flags with their defaults; docs/configuration.md is made from them. */
export function localCommand(): Command {
  return new Command("npm start --")
    .description("Runs the whole platform on this machine until Ctrl-C.")
    .option("--port <port>", "port of the gateway; 0 for any free one", port, 8443)
    .option("--http-port <port>", "port that redirects to HTTPS (default: 8080, or any free one)", port)
    .option(
      "--dashboard-port <port>",
      "port of the dashboard, 0 for any free one, or off (default: 8081, or any free one)",
      portOrOff,
    )
    .option("--state <dir>", "folder for data, certificates, logs and outputs", ".local")
    .option("--replicas <count>", "processes of each service", replicas, 2)
    .addOption(
      new Option("--limits <on|off|central>", "rate limits: per gateway, none, or exact across gateways")
        .choices(["on", "off", "central"])
        .default("on"),
    )
    .addOption(
      new Option("--limit-store-failure <how>", "central limits while their store does not answer")
        .choices(["local", "open", "closed"])
        .default("local"),
    )
    .addOption(
      new Option(
        "--checks <service|gateway>",
        "ask for each request who is signed in, or remember it while no session's end can be missed",
      )
        .choices(["service", "gateway"])
        .default("service"),
    )
    .addOption(onOff("--drills <on|off>", "GET /<service>/fail, which breaks a replica on purpose", "on"))
    .option(
      "--traces <url>",
      "send traces to this OTLP/HTTP collector, such as http://127.0.0.1:4318, or to the dashboard",
      tracesTarget,
    )
    .option("--logs", "print the log lines of all processes, for people to read")
    .addOption(
      new Option("--role-refusal <status>", "answer to a signed-in user who lacks the role")
        .choices(["401", "403"])
        .default("401"),
    )
    .addHelpText(
      "after",
      "\nEnvironment:\n  DATABASE_URL  use this PostgreSQL or CockroachDB server, as its administrator, in place of the embedded one",
    )
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
}

/** Reads the command line and the environment. Wrong input ends the process with usage and exit code 2. */
export function parseOptions(argv: readonly string[], environment: NodeJS.ProcessEnv): LocalOptions {
  const command = localCommand().parse(["node", "npm start --", ...argv]);
  const flags = command.opts<{
    port: number;
    httpPort?: number;
    dashboardPort?: number | "off";
    state: string;
    replicas: number;
    limits: "on" | "off" | "central";
    limitStoreFailure: "local" | "open" | "closed";
    checks: Checks;
    drills: "on" | "off";
    traces?: string;
    logs?: true;
    roleRefusal: "401" | "403";
  }>();
  const wrong = contradiction(flags.checks, flags.limits);
  if (wrong !== undefined) command.error(`error: --checks gateway with --limits central: ${wrong}`);
  return {
    port: flags.port,
    httpPort: flags.httpPort,
    dashboardPort: flags.dashboardPort,
    state: resolve(flags.state),
    replicas: flags.replicas,
    limits: flags.limits,
    limitStoreFailure: flags.limitStoreFailure,
    checks: flags.checks,
    drills: flags.drills === "on",
    traces: flags.traces,
    logs: flags.logs ?? false,
    roleRefusal: flags.roleRefusal,
    databaseUrl: environment["DATABASE_URL"],
  };
}

function onOff(flags: string, description: string, fallback: "on" | "off"): Option {
  return new Option(flags, description).choices(["on", "off"]).default(fallback);
}

/** The value of `--traces` that sends them to the dashboard. */
export const TO_DASHBOARD = "dashboard";

const port = (text: string) => integer(text, 0, 65_535);
const portOrOff = (text: string) => (text === "off" ? text : port(text));
const replicas = (text: string) => integer(text, 1, 8);

function tracesTarget(text: string): string {
  if (text !== TO_DASHBOARD && !/^https?:$/.test(URL.parse(text)?.protocol ?? ""))
    throw new InvalidArgumentError(`Give an http(s) URL, or "${TO_DASHBOARD}".`);
  return text;
}

function integer(text: string, min: number, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max || text.trim() === "") {
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`);
  }
  return value;
}
