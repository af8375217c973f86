import { createHash } from "node:crypto";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { AUTHORITY_DAYS, LEAF_DAYS, RENEW_BELOW } from "../rotation/lifetimes.ts";
import type { StackConfig } from "./config.ts";
import type { PlatformNamespace } from "./namespace.ts";

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

/** One generation of the CA. */
interface Issuer {
  readonly key: tls.PrivateKey;
  readonly certificate: pulumi.Output<string>;
}

export interface CertificateAuthorityArgs {
  readonly namespace: PlatformNamespace;
  readonly config: Pick<StackConfig, "generations">;
}

/**
 * The platform's own certificate authority: the first of its generations signs, all are trusted. Their keys never
 * leave Pulumi's encrypted state.
 */
export class CertificateAuthority extends pulumi.ComponentResource {
  /** Whom to trust: the certificates of all generations, the one that signs first. */
  readonly certificate: pulumi.Output<string>;
  readonly #name: string;
  readonly #issuer: Issuer;
  readonly #leaves: number;
  readonly #namespace: PlatformNamespace;

  constructor(name: string, args: CertificateAuthorityArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gatehouse:stack:CertificateAuthority", name, {}, opts);
    const parent = { parent: this };
    const { ca, leaves } = args.config.generations;
    const [inUse, ...others] = ca;
    this.#name = name;
    this.#namespace = args.namespace;
    this.#leaves = leaves[0];
    this.#issuer = createIssuer(inUse);
    const trusted = [this.#issuer, ...others.map(createIssuer)].map(({ certificate }) => certificate);
    this.certificate = pulumi.all(trusted).apply((pems) => pems.join(""));
    this.registerOutputs({ certificate: this.certificate });

    function createIssuer(generation: number): Issuer {
      const key = new tls.PrivateKey(`${name}-${generation}-key`, P256, parent);
      const { certPem } = new tls.SelfSignedCert(
        `${name}-${generation}-certificate`,
        {
          privateKeyPem: key.privateKeyPem,
          // Every generation has a name of its own, so that nobody has to try which of them signed a leaf.
          subject: { commonName: `Gatehouse CA ${generation}`, organization: "Gatehouse" },
          isCaCertificate: true,
          setSubjectKeyId: true,
          allowedUses: ["cert_signing", "crl_signing", "digital_signature"],
          ...lifetime(AUTHORITY_DAYS),
        },
        parent,
      );
      return { key, certificate: certPem };
    }
  }

  /** Issues a certificate and puts it into the namespace as a Secret. */
  issue(name: string, args: CertificateArgs): IssuedCertificate {
    const parent = { parent: this };
    const child = `${this.#name}-${name}`;
    const key = new tls.PrivateKey(`${child}-${this.#leaves}-key`, P256, parent);
    const request = createRequest();
    const signed = sign(this.#issuer);
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

    function sign(issuer: Issuer) {
      return new tls.LocallySignedCert(
        `${child}-certificate`,
        {
          certRequestPem: request.certRequestPem,
          caPrivateKeyPem: issuer.key.privateKeyPem,
          caCertPem: issuer.certificate,
          setSubjectKeyId: true,
          allowedUses: ["digital_signature", ...args.uses.map((use) => `${use}_auth`)],
          ...lifetime(LEAF_DAYS),
        },
        parent,
      );
    }

    function createSecret(namespace: PlatformNamespace, trusted: pulumi.Output<string>) {
      return new k8s.core.v1.Secret(
        `${child}-secret`,
        {
          metadata: { name: args.secret, namespace: namespace.reference },
          type: "kubernetes.io/tls",
          stringData: {
            "ca.crt": trusted,
            "tls.crt": signed.certPem,
            "tls.key": key.privateKeyPem,
          },
        },
        parent,
      );
    }
  }
}

/** How long a certificate is valid, and from when on the next `pulumi up` replaces it. */
function lifetime(days: number): { validityPeriodHours: number; earlyRenewalHours: number } {
  const hours = days * 24;
  return { validityPeriodHours: hours, earlyRenewalHours: Math.round(hours * RENEW_BELOW) };
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
