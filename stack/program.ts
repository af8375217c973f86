import { generateKeyPairSync } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { z } from "zod";

/** A resource as the program registered it. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  /** What the program said, its secrets taken out of their wrapping. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Names of the inputs that are, or hold, secrets. */
  readonly secrets: readonly string[];
}

export interface Program {
  readonly resources: readonly Registered[];
  readonly outputs: Readonly<Record<string, unknown>>;
}

type Settings = Readonly<Record<string, unknown>>;

const project = z.object({ config: z.record(z.string(), z.unknown()) });
const declared = z.object({ default: z.unknown() });
const ROOT = join(import.meta.dirname, "..");
/** An address that RFC 5737 keeps for documents. */
const BALANCER_ADDRESS = "192.0.2.1";

/**
 * Runs the Pulumi program without a cluster, a registry or plugins: a stand-in answers each resource with its own
 * inputs, and where a provider would compute something, with a placeholder that is the same each time.
 * @param settings the stack's configuration on top of the defaults of Pulumi.yaml
 * @param load imports the program afresh
 */
export async function runProgram(
  settings: Settings,
  load: () => Promise<Readonly<Record<string, unknown>>>,
): Promise<Program> {
  const resources: Registered[] = [];
  const mocks: pulumi.runtime.Mocks = {
    newResource({ type, name, inputs }) {
      const given = Object.entries(inputs as Record<string, unknown>);
      const plain = Object.fromEntries(
        given.map(([key, value]) => [key, pulumi.runtime.unwrapRpcSecret(value) as unknown]),
      );
      const secrets = given.filter(([, value]) => pulumi.runtime.isRpcSecret(value)).map(([key]) => key);
      resources.push({ type, name, inputs: plain, secrets });
      return { id: `${name}-id`, state: { ...inputs, ...computed(type, name) } as Record<string, unknown> };
    },
    call: () => ({}),
  };
  await pulumi.runtime.setMocks(mocks, "gatehouse", "render", false);
  pulumi.runtime.setAllConfig(asPulumiHasIt({ ...defaults(), ...settings }));
  const outputs = await load();
  await pulumi.runtime.disconnect();
  return { resources, outputs };
}

/** The defaults of Pulumi.yaml, without the keys of other packages. */
function defaults(): Settings {
  const { config } = project.parse(parse(readFileSync(join(ROOT, "Pulumi.yaml"), "utf8")));
  const own = Object.entries(config).filter(([key]) => !key.includes(":"));
  return Object.fromEntries(own.map(([key, value]) => [key, declared.parse(value).default]));
}

/**
 * The configuration of a stack's file, without the keys of other packages.
 * @throws Error that names the stacks which have one
 */
export function settingsOf(stack: string): Settings {
  const stacks = readdirSync(ROOT).flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []);
  if (!stacks.includes(stack)) throw new Error(`no Pulumi.${stack}.yaml: there is ${stacks.join(", ")}`);
  const file = readFileSync(join(ROOT, `Pulumi.${stack}.yaml`), "utf8");
  const { config } = z.object({ config: z.record(z.string(), z.unknown()) }).parse(parse(file));
  const prefix = "gatehouse:";
  return Object.fromEntries(
    Object.entries(config)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );
}

/** Pulumi keeps every value as text, and what is no text as JSON. */
function asPulumiHasIt(settings: Settings): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [
      `gatehouse:${key}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}

/** What providers add to the inputs, as far as the program reads it. */
function computed(type: string, name: string): Record<string, unknown> {
  switch (type) {
    case "tls:index/privateKey:PrivateKey":
      return {
        privateKeyPem: pulumi.secret(throwawayKey()),
        publicKeyPem: placeholder("public key", name),
      };
    case "tls:index/selfSignedCert:SelfSignedCert":
    case "tls:index/locallySignedCert:LocallySignedCert":
      return { certPem: placeholder("certificate", name) };
    case "tls:index/certRequest:CertRequest":
      return { certRequestPem: placeholder("request", name) };
    case "random:index/randomPassword:RandomPassword":
      return { result: pulumi.secret(placeholder("password", name)) };
    case "kubernetes:core/v1:Service":
      return { status: { loadBalancer: { ingress: [{ ip: BALANCER_ADDRESS }] } } };
    default:
      return {};
  }
}

function placeholder(what: string, name: string): string {
  return `<${what} of ${name}>`;
}

function throwawayKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "sec1", format: "pem" }).toString();
}
