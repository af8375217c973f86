import { createHash } from "node:crypto";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import type { PlatformNamespace } from "./namespace.ts";

const YEAR = 365 * 24;
/** Hours that a certificate is valid, and hours before its end at which the next `pulumi up` replaces it. */
const AUTHORITY_LIFETIME = { validityPeriodHours: 10 * YEAR, earlyRenewalHours: 2 * YEAR };
const LEAF_LIFETIME = { validityPeriodHours: YEAR, earlyRenewalHours: 60 * 24 };

const P256 = { algorithm: "ECDSA", ecdsaCurve: "P256" };

/** A certificate in the cluster: a Secret of the type kubernetes.io/tls with the CA beside it as `ca.crt`. */
export interface IssuedCertificate {
  readonly secret: pulumi.Output<string>;
  readonly resource: pulumi.Resource;
  /** Changes with the certificate. */
  readonly version: pulumi.Output<string>;
}

export interface CertificateArgs {
  /** Who the certificate is: to a service, the caller; to the database, the user. */
  readonly commonName: string;
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: pulumi.Input<string[]>;
  readonly uses: readonly ("server" | "client")[];
  /** Name of the Secret. */
  readonly secret: string;
}

/** The platform's own certificate authority. Its key never leaves Pulumi's encrypted state. */
export class CertificateAuthority extends pulumi.ComponentResource {
  readonly certificate: pulumi.Output<string>;
  readonly #name: string;
  readonly #key: tls.PrivateKey;
  readonly #namespace: PlatformNamespace;

  constructor(name: string, args: { namespace: PlatformNamespace }, opts?: pulumi.ComponentResourceOptions) {
    super("gatehouse:stack:CertificateAuthority", name, {}, opts);
    this.#name = name;
    this.#namespace = args.namespace;
    this.#key = new tls.PrivateKey(`${name}-key`, P256, { parent: this });
    this.certificate = new tls.SelfSignedCert(
      `${name}-certificate`,
      {
        privateKeyPem: this.#key.privateKeyPem,
        subject: { commonName: "Gatehouse CA", organization: "Gatehouse" },
        isCaCertificate: true,
        setSubjectKeyId: true,
        allowedUses: ["cert_signing", "crl_signing", "digital_signature"],
        ...AUTHORITY_LIFETIME,
      },
      { parent: this },
    ).certPem;
    this.registerOutputs({ certificate: this.certificate });
  }

  /** Issues a certificate and puts it into the namespace as a Secret. */
  issue(name: string, args: CertificateArgs): IssuedCertificate {
    const parent = { parent: this };
    const child = `${this.#name}-${name}`;
    const key = new tls.PrivateKey(`${child}-key`, P256, parent);
    const request = createRequest();
    const signed = sign(this.#key, this.certificate);
    const secret = createSecret(this.#namespace, this.certificate);
    const version = fingerprint(signed.certPem, this.certificate);
    return { secret: secret.metadata.name, resource: secret, version };

    function createRequest() {
      return new tls.CertRequest(
        `${child}-request`,
        {
          privateKeyPem: key.privateKeyPem,
          subject: { commonName: args.commonName, organization: "Gatehouse" },
          dnsNames: [...(args.dnsNames ?? [])],
          ipAddresses: args.ipAddresses ?? [],
        },
        parent,
      );
    }

    function sign(authority: tls.PrivateKey, authorityCertificate: pulumi.Output<string>) {
      return new tls.LocallySignedCert(
        `${child}-certificate`,
        {
          certRequestPem: request.certRequestPem,
          caPrivateKeyPem: authority.privateKeyPem,
          caCertPem: authorityCertificate,
          setSubjectKeyId: true,
          allowedUses: ["digital_signature", ...args.uses.map((use) => `${use}_auth`)],
          ...LEAF_LIFETIME,
        },
        parent,
      );
    }

    function createSecret(namespace: PlatformNamespace, authorityCertificate: pulumi.Output<string>) {
      return new k8s.core.v1.Secret(
        `${child}-secret`,
        {
          metadata: { name: args.secret, namespace: namespace.reference },
          type: "kubernetes.io/tls",
          stringData: {
            "ca.crt": authorityCertificate,
            "tls.crt": signed.certPem,
            "tls.key": key.privateKeyPem,
          },
        },
        parent,
      );
    }
  }
}

/** A short hash of public text, to see that it changed. */
function fingerprint(...texts: pulumi.Output<string>[]): pulumi.Output<string> {
  return pulumi
    .all(texts)
    .apply((parts) => createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 16));
}

/** Every name at which a Service of the namespace answers. */
export function serviceNames(service: string, namespace: string): string[] {
  return [service, `${service}.${namespace}`, `${service}.${namespace}.svc`].concat(
    `${service}.${namespace}.svc.cluster.local`,
  );
}
