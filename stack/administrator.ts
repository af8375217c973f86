import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { StackConfig } from "./config.ts";
import type { PlatformNamespace } from "./namespace.ts";
import type { EnvVar } from "./pods.ts";
import { fromSecret } from "./pods.ts";

export interface AdministratorArgs {
  readonly namespace: PlatformNamespace;
  readonly config: Pick<StackConfig, "adminUsername">;
}

/** The first administrator: a password that nobody chose, in a Secret that the migrations alone read. */
export class Administrator extends pulumi.ComponentResource {
  readonly username: string;
  readonly password: pulumi.Output<string>;
  /** What the migration that creates the administrator reads. */
  readonly environment: readonly EnvVar[];

  constructor(name: string, args: AdministratorArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gatehouse:stack:Administrator", name, {}, opts);
    this.username = args.config.adminUsername;
    const password = new random.RandomPassword(
      `${name}-password`,
      { length: 24, special: false },
      { parent: this },
    ).result;
    const secret = new k8s.core.v1.Secret(
      `${name}-secret`,
      {
        metadata: { name: "administrator", namespace: args.namespace.reference },
        stringData: { username: this.username, password },
      },
      { parent: this },
    );
    this.password = pulumi.secret(password);
    this.environment = [
      fromSecret("ADMIN_USERNAME", secret.metadata.name, "username"),
      fromSecret("ADMIN_PASSWORD", secret.metadata.name, "password"),
    ];
    this.registerOutputs({ username: this.username, password: this.password });
  }
}
