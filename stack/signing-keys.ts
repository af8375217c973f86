import { createHash, createPrivateKey } from "node:crypto";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import type { StackConfig } from "./config.ts";
import type { PlatformNamespace } from "./namespace.ts";
import type { SecretFolder } from "./pods.ts";

const FILE = "signing-keys.json";

export interface SigningKeysArgs {
  readonly namespace: PlatformNamespace;
  readonly config: Pick<StackConfig, "generations">;
}

/** The keys that sign access tokens, as a JSON Web Key Set in a Secret: the first signs, all are accepted. */
export class SigningKeys extends pulumi.ComponentResource {
  readonly folder: SecretFolder;
  /** Path of the key set where the folder is mounted. */
  readonly file: string;

  constructor(name: string, args: SigningKeysArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gatehouse:stack:SigningKeys", name, {}, opts);
    const parent = { parent: this };
    const keys = args.config.generations["signing-keys"].map(
      (generation) =>
        new tls.PrivateKey(`${name}-${generation}-key`, { algorithm: "ECDSA", ecdsaCurve: "P256" }, parent),
    );
    const pems = pulumi.secret(pulumi.all(keys.map(({ privateKeyPem }) => privateKeyPem)));
    const secret = new k8s.core.v1.Secret(
      `${name}-secret`,
      {
        metadata: { name, namespace: args.namespace.reference },
        stringData: { [FILE]: pems.apply(keySet) },
      },
      parent,
    );
    const path = "/etc/gatehouse/signing-keys";
    // The hash of a public key is public, whatever the key beside it is.
    const version = pulumi
      .unsecret(pulumi.all(keys.map(({ publicKeyPem }) => publicKeyPem)))
      .apply((texts) => shortHash(texts.join("\n")));
    this.folder = { name: "signing-keys", secret: secret.metadata.name, path, version };
    this.file = `${path}/${FILE}`;
    this.registerOutputs({ version });
  }
}

/**
 * A JSON Web Key Set (RFC 7517) of private keys in PEM: the first with its private part, for it signs, the others
 * without, for they are only accepted. Each key is named by its thumbprint (RFC 7638).
 */
export function keySet(pems: readonly string[]): string {
  const keys = pems.map((pem, index) => {
    const { kty, crv, x, y, d } = createPrivateKey(pem).export({ format: "jwk" });
    const thumbprint = createHash("sha256").update(JSON.stringify({ crv, kty, x, y }));
    const key = { kty, crv, x, y, kid: thumbprint.digest("base64url"), alg: "ES256", use: "sig" };
    return index === 0 ? { ...key, d } : key;
  });
  return JSON.stringify({ keys });
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
