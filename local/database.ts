import pg from "pg";
import type { Ring } from "../rotation/ring.ts";
import type { EnvironmentFor } from "../services/shared/config.ts";
import type { databaseEnvironment } from "../services/shared/config.ts";
import { loginName } from "../services/shared/logins.ts";
import type { MigrationVariables } from "../services/shared/migrations.ts";
import type { CertificateAuthority } from "./certificates.ts";
import { startEmbeddedPostgres } from "./embedded-postgres.ts";
import { LocalError } from "./error.ts";
import { freePorts, HOST } from "./ports.ts";
import { password } from "./secrets.ts";
import type { StateFolder } from "./state.ts";

export type DatabaseVariables = Partial<EnvironmentFor<typeof databaseEnvironment>> & {
  DATABASE_URL: string;
};

/** A database server with the variables by which services and migrations reach it. */
export interface Database {
  forService(service: string): DatabaseVariables;
  forMigration(service: string): Partial<MigrationVariables>;
  /** What of it listens on this machine. */
  readonly listeners: readonly { name: string; port: number; startTls: "postgres" }[];
  /** As the server's administrator, for what concerns no single service. */
  readonly administrator: Partial<MigrationVariables>;
  /** Whether its logins are by password: with certificates there are none to rotate. */
  readonly hasPasswords: boolean;
  /** Takes the certificates that there are now, where the server is ours. */
  reload(): void;
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  /** Settings in PostgreSQL's own names. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Told when the server ended by itself. */
  readonly report?: (line: string) => void;
}

/** The embedded PostgreSQL: every login is by client certificate, as in the cluster. */
export async function embeddedDatabase(
  folder: StateFolder,
  authority: CertificateAuthority,
  { settings = {}, report = () => undefined }: EmbeddedOptions = {},
): Promise<Database> {
  const [port = 0] = await freePorts(1);
  const server = await startEmbeddedPostgres({
    folder,
    port,
    caFile: authority.caFile,
    server: authority.files("node"),
    settings,
    report,
  });
  const login = (user: string, database: string) => ({
    DATABASE_URL: `postgresql://${user}@${HOST}:${port}/${database}`,
    DATABASE_CA_FILE: authority.caFile,
    DATABASE_CERT_FILE: authority.files(databaseCertificate(user)).certFile,
    DATABASE_KEY_FILE: authority.files(databaseCertificate(user)).keyFile,
  });
  return {
    forService: (service) => login(service, service),
    forMigration: () => login("root", "postgres"),
    listeners: [{ name: "postgres", port, startTls: "postgres" }],
    administrator: login("root", "postgres"),
    hasPasswords: false,
    reload: () => server.reload(),
    stop: () => server.stop(),
  };
}

/** Name of the client certificate of a database login. */
export function databaseCertificate(login: string): string {
  return `database-${login}`;
}

/** Name of the secret with the password of a login. */
export function databasePassword(login: string): string {
  return `database-${login}`;
}

/**
 * A server of the user's own: its administrator's URL is given, every service gets logins with passwords.
 * @param ring the generations of passwords that are good, asked each time
 * @throws LocalError where it cannot be reached
 */
export async function externalDatabase(
  folder: StateFolder,
  adminUrl: string,
  ring: () => Ring,
): Promise<Database> {
  await checkReachable(adminUrl);
  const passwordOf = (login: string) => password(folder, databasePassword(login));
  return {
    forService(service) {
      const url = new URL(adminUrl);
      url.username = loginName(service, ring()[0]);
      url.password = passwordOf(url.username);
      url.pathname = `/${service}`;
      return { DATABASE_URL: url.href };
    },
    forMigration: (service) => ({
      DATABASE_URL: adminUrl,
      DATABASE_LOGINS: JSON.stringify(
        Object.fromEntries(
          ring()
            .map((generation) => loginName(service, generation))
            .map((login) => [login, passwordOf(login)]),
        ),
      ),
    }),
    listeners: [],
    administrator: { DATABASE_URL: adminUrl },
    hasPasswords: true,
    reload: () => undefined,
    stop: () => Promise.resolve(),
  };
}

async function checkReachable(url: string): Promise<void> {
  try {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
    await client.connect();
    await client.end();
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    throw new LocalError(
      `the database of DATABASE_URL cannot be reached (${message || (code ?? "no answer")}): ` +
        `check host, port, user and sslmode, or unset DATABASE_URL to use the embedded one`,
    );
  }
}
