import { createHash } from "node:crypto";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { ExternalDatabaseSettings } from "./config.ts";
import type { Database, DatabaseAccess } from "./database.ts";
import type { PlatformNamespace } from "./namespace.ts";
import type { EnvVar, SecretFolder } from "./pods.ts";
import { fromSecret } from "./pods.ts";

const CA_FOLDER = "/etc/gatehouse/database-ca";

export interface ExternalDatabaseArgs {
  readonly namespace: PlatformNamespace;
  readonly settings: ExternalDatabaseSettings;
  readonly services: readonly string[];
}

/**
 * A PostgreSQL or CockroachDB that somebody else runs. Each service signs in with a password of its own, which the
 * migrations set; all of it is in Secrets.
 */
export class ExternalDatabase extends pulumi.ComponentResource implements Database {
  readonly pods = [];
  readonly port: pulumi.Output<number>;
  readonly ready: readonly pulumi.Resource[];
  readonly #secrets: Readonly<Record<string, k8s.core.v1.Secret>>;
  readonly #administrator: k8s.core.v1.Secret;
  readonly #ca: readonly SecretFolder[];

  constructor(name: string, args: ExternalDatabaseArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gatehouse:stack:ExternalDatabase", name, {}, opts);
    const { url, ca } = args.settings;
    const parent = { parent: this };
    this.#administrator = createSecret("administrator", { url });
    this.#secrets = Object.fromEntries(args.services.map((service) => [service, createLogin(service)]));
    this.#ca = ca === undefined ? [] : [createCa(ca)];
    // A port is no secret, and a NetworkPolicy that was one could not be read in a review.
    this.port = pulumi.unsecret(url.apply((text) => Number(new URL(text).port || "5432")));
    this.ready = [this.#administrator, ...Object.values(this.#secrets)];
    this.registerOutputs({ port: this.port });

    function createLogin(service: string) {
      const password = new random.RandomPassword(
        `${name}-${service}-password`,
        { length: 32, special: false },
        parent,
      ).result;
      return createSecret(service, { url: pulumi.all([url, password]).apply(asLogin(service)), password });
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

  login(service: string): DatabaseAccess {
    return { environment: this.#environment(this.#secretOf(service)), secrets: this.#ca };
  }

  administrator(service: string): DatabaseAccess {
    const environment = [
      ...this.#environment(this.#administrator),
      fromSecret("DATABASE_LOGIN_PASSWORD", this.#secretOf(service).metadata.name, "password"),
    ];
    return { environment, secrets: this.#ca };
  }

  #secretOf(service: string): k8s.core.v1.Secret {
    const secret = this.#secrets[service];
    if (secret === undefined) throw new Error(`${service} has no database`);
    return secret;
  }

  #environment(secret: k8s.core.v1.Secret): EnvVar[] {
    const url = fromSecret("DATABASE_URL", secret.metadata.name, "url");
    return this.#ca.length === 0 ? [url] : [url, { name: "DATABASE_CA_FILE", value: `${CA_FOLDER}/ca.crt` }];
  }
}

/** The administrator's URL with the login and the database of a service instead. */
function asLogin(service: string) {
  return ([administrator, password]: readonly [string, string]): string => {
    const url = new URL(administrator);
    url.username = service;
    url.password = password;
    url.pathname = `/${service}`;
    return url.href;
  };
}
