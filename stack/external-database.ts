import { createHash } from "node:crypto";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { Ring } from "../rotation/ring.ts";
import { loginName } from "../services/shared/logins.ts";
import type { MigrationVariables } from "../services/shared/migrations.ts";
import type { ExternalDatabaseSettings } from "./config.ts";
import type { Database, DatabaseAccess } from "./database.ts";
import type { PlatformNamespace } from "./namespace.ts";
import type { EnvVar, SecretFolder } from "./pods.ts";
import { fromSecret, plain } from "./pods.ts";

const CA_FOLDER = "/etc/gatehouse/database-ca";

export interface ExternalDatabaseArgs {
  readonly namespace: PlatformNamespace;
  readonly settings: ExternalDatabaseSettings;
  readonly services: readonly string[];
  /** Who reads all databases. */
  readonly readers: readonly string[];
}

/**
 * A PostgreSQL or CockroachDB that somebody else runs. Each service signs in with a password of its own, which the
 * migrations set; all of it is in Secrets, one for each generation of a login.
 */
export class ExternalDatabase extends pulumi.ComponentResource implements Database {
  readonly pods = [];
  readonly port: pulumi.Output<number>;
  readonly ready: readonly pulumi.Resource[];
  /** The generations that are good, the one in use first. */
  readonly #ring: Ring;
  /** By the login's name. */
  readonly #secrets: Readonly<Record<string, k8s.core.v1.Secret>>;
  readonly #administrator: k8s.core.v1.Secret;
  readonly #ca: readonly SecretFolder[];
  readonly #readers: readonly string[];

  constructor(name: string, args: ExternalDatabaseArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gatehouse:stack:ExternalDatabase", name, {}, opts);
    const { url, ca, logins } = args.settings;
    const parent = { parent: this };
    this.#administrator = createSecret("administrator", { url });
    this.#ring = logins;
    this.#readers = args.readers;
    this.#secrets = Object.fromEntries(
      [...args.services, ...args.readers].flatMap((role) =>
        logins.map((generation) => createLogin(role, generation)),
      ),
    );
    this.#ca = ca === undefined ? [] : [createCa(ca)];
    // A port is no secret, and a NetworkPolicy that was one could not be read in a review.
    this.port = pulumi.unsecret(url.apply((text) => Number(new URL(text).port || "5432")));
    this.ready = [this.#administrator, ...Object.values(this.#secrets)];
    this.registerOutputs({ port: this.port });

    function createLogin(role: string, generation: number): [string, k8s.core.v1.Secret] {
      const suffix = `${role}-${generation}`;
      const login = loginName(role, generation);
      const password = new random.RandomPassword(
        `${name}-${suffix}-password`,
        { length: 32, special: false },
        parent,
      ).result;
      const own = pulumi.all([url, password]).apply(asLogin(login, role));
      return [login, createSecret(suffix, { url: own, password })];
    }

    function createSecret(suffix: string, stringData: Record<string, pulumi.Input<string>>) {
      const metadata = { name: `${name}-${suffix}`, namespace: args.namespace.reference };
      return new k8s.core.v1.Secret(`${name}-${suffix}-secret`, { metadata, stringData }, parent);
    }

    function createCa(certificate: string): SecretFolder {
      const secret = createSecret("ca", { "ca.crt": certificate });
      return {
        name: "database-ca",
        secret: secret.metadata.name,
        path: CA_FOLDER,
        version: createHash("sha256").update(certificate).digest("hex").slice(0, 16),
      };
    }
  }

  login(name: string): DatabaseAccess {
    const login = loginName(name, this.#ring[0]);
    return { environment: this.#environment(this.#secretOf(login)), secrets: this.#ca };
  }

  administrator(service?: string): DatabaseAccess {
    const administrator = this.#environment(this.#administrator);
    if (service === undefined) return { environment: administrator, secrets: this.#ca };
    // In the order of their age: that another one is in use is nothing to the migrations.
    const generations = this.#ring.toSorted((a, b) => a - b);
    const passwords = [service, ...this.#readers].flatMap((role) =>
      generations.map((generation) => {
        const login = loginName(role, generation);
        const variable = `DATABASE_PASSWORD_${login}`.toUpperCase().replaceAll("-", "_");
        return { login, variable, secret: this.#secretOf(login) };
      }),
    );
    // Kubernetes puts the values in place of $(NAME), so that the passwords themselves are in Secrets alone.
    const logins = passwords.map(({ login, variable }) => [login, `$(${variable})`]);
    const variables: Partial<Record<keyof MigrationVariables, string>> = {
      DATABASE_LOGINS: JSON.stringify(Object.fromEntries(logins)),
    };
    const environment = [
      ...administrator,
      ...passwords.map(({ variable, secret }) => fromSecret(variable, secret.metadata.name, "password")),
      ...plain(variables),
    ];
    return { environment, secrets: this.#ca };
  }

  #secretOf(login: string): k8s.core.v1.Secret {
    const secret = this.#secrets[login];
    if (secret === undefined) throw new Error(`there is no login ${login}`);
    return secret;
  }

  #environment(secret: k8s.core.v1.Secret): EnvVar[] {
    const url = fromSecret("DATABASE_URL", secret.metadata.name, "url");
    return this.#ca.length === 0 ? [url] : [url, { name: "DATABASE_CA_FILE", value: `${CA_FOLDER}/ca.crt` }];
  }
}

/** The administrator's URL with the login and the database of a service instead. */
function asLogin(login: string, database: string) {
  return ([administrator, password]: readonly [string, string]): string => {
    const url = new URL(administrator);
    url.username = login;
    url.password = password;
    url.pathname = `/${database}`;
    return url.href;
  };
}
