import { createHash, createPrivateKey } from "node:crypto";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import type { PlatformNamespace } from "./namespace.ts";
import type { SecretFolder } from "./pods.ts";

const FILE = "signing-keys.json";

/** The keys that sign access tokens, as a JSON Web Key Set in a Secret. */
export class SigningKeys extends pulumi.ComponentResource {
  readonly folder: SecretFolder;
  /** Path of the key set where the folder is mounted. */
  readonly file: string;

  constructor(name: string, args: { namespace: PlatformNamespace }, opts?: pulumi.ComponentResourceOptions) {
    super("gatehouse:stack:SigningKeys", name, {}, opts);
    const key = new tls.PrivateKey(
      `${name}-key`,
      { algorithm: "ECDSA", ecdsaCurve: "P256" },
      { parent: this },
    );
    const secret = new k8s.core.v1.Secret(
      `${name}-secret`,
      {
        metadata: { name, namespace: args.namespace.reference },
        stringData: { [FILE]: pulumi.secret(key.privateKeyPem).apply((pem) => keySet([pem])) },
      },
      { parent: this },
    );
    const path = "/etc/gatehouse/signing-keys";
    // The hash of a public key is public, whatever the key beside it is.
    const version = pulumi.unsecret(key.publicKeyPem).apply(shortHash);
    this.folder = { name: "signing-keys", secret: secret.metadata.name, path, version };
    this.file = `${path}/${FILE}`;
    this.registerOutputs({ version });
  }
}

/** A JSON Web Key Set (RFC 7517) of private keys in PEM. Each key is named by its thumbprint (RFC 7638). */
export function keySet(pems: readonly string[]): string {
  const keys = pems.map((pem) => {
    const { kty, crv, x, y, d } = createPrivateKey(pem).export({ format: "jwk" });
    const thumbprint = createHash("sha256").update(JSON.stringify({ crv, kty, x, y }));
    return { kty, crv, x, y, d, kid: thumbprint.digest("base64url"), alg: "ES256", use: "sig" };
  });
  return JSON.stringify({ keys });
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
