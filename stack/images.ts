import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { nodeFlags, runtimeEnvironment } from "../services/runtime.ts";
import { bundle, sourceOf } from "../services/bundle.ts";
import type { StackConfig } from "./config.ts";
import { USER } from "./pods.ts";

/** Where build contexts are put, beside what else this machine makes; relative, so that it is the same in every state. */
const CONTEXTS = join(".local", "images");

export type ImageArgs = StackConfig["images"] & {
  /** The folder of its programs. */
  readonly source: string;
};

/**
 * An image of ours: bundles on top of the base image. The tag is a hash of the content, so that an unchanged one is no change
 * to the stack and a changed one rolls.
 */
export class BundledImage extends pulumi.ComponentResource {
  /** What a container's `image` says. */
  readonly reference: pulumi.Output<string>;

  constructor(name: string, args: ImageArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gatehouse:stack:BundledImage", name, {}, opts);
    const context = pulumi.output(prepareContext(name, args));
    const image = new docker.Image(
      `${name}-image`,
      {
        imageName: context.hash.apply((hash) => `${args.registry}/gatehouse-${name}:${hash}`),
        skipPush: !args.push,
        build: { context: context.folder, platform: args.platform ?? hostPlatform() },
      },
      { parent: this },
    );
    this.reference = image.imageName;
    this.registerOutputs({ reference: this.reference });
  }
}

/** Bundles programs into a folder that is named by the hash of what is in it. */
async function prepareContext(
  name: string,
  { source, base }: ImageArgs,
): Promise<{ folder: string; hash: string }> {
  mkdirSync(CONTEXTS, { recursive: true });
  const draft = mkdtempSync(join(CONTEXTS, "draft-"));
  await bundle(source, draft);
  writeFileSync(join(draft, "Dockerfile"), dockerfile(base));

  const hash = contentHash(draft);
  const folder = join(CONTEXTS, `${name}-${hash}`);
  if (existsSync(folder)) rmSync(draft, { recursive: true });
  else renameSync(draft, folder);
  return { folder, hash };
}

function dockerfile(base: string): string {
  return [
    `FROM ${base}`,
    "WORKDIR /app",
    "COPY *.mjs ./",
    `ENV ${Object.entries({ NODE_ENV: "production", ...runtimeEnvironment })
      .map(([name, value]) => `${name}=${value}`)
      .join(" ")}`,
    `USER ${USER}:${USER}`,
    `CMD ${JSON.stringify(["node", ...nodeFlags, "/app/main.mjs"])}`,
    "",
  ].join("\n");
}

function contentHash(folder: string): string {
  const hash = createHash("sha256");
  for (const file of readdirSync(folder).sort()) {
    hash
      .update(file)
      .update("\0")
      .update(readFileSync(join(folder, file)))
      .update("\0");
  }
  return hash.digest("hex").slice(0, 16);
}

function hostPlatform(): string {
  return process.arch === "arm64" ? "linux/arm64" : "linux/amd64";
}

/** The images of several services, by the service. */
export function serviceImages(
  services: readonly string[],
  args: StackConfig["images"],
): (service: string) => pulumi.Output<string> {
  const images = new Map(
    services.map((service) => [service, new BundledImage(service, { ...args, source: sourceOf(service) })]),
  );
  return (service) => {
    const image = images.get(service);
    if (image === undefined) throw new Error(`no image of "${service}"`);
    return image.reference;
  };
}
