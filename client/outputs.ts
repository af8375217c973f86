import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import { ClientError } from "./errors.ts";

/** What the client needs to know of a platform; its other outputs are nobody's business here. */
export interface Outputs {
  readonly gatewayUrl: string;
  /** PEM of the certificates that the gateway's own may be signed with. */
  readonly gatewayCa: string;
}

const HOW_TO_GET =
  "Start the platform with `npm start`, or name the outputs of a running one: --outputs FILE or GATEHOUSE_OUTPUTS.\n" +
  "For a stack they are what `pulumi stack output --json --show-secrets` prints.";

/** The file that the user named, else the environment's, else the local platform's. */
export function outputsFile(named: string | undefined): string {
  return resolve(named ?? (process.env.GATEHOUSE_OUTPUTS || ".local/outputs.json"));
}

/** @throws ClientError that says what is wrong with the file and how to get a good one */
export async function readOutputs(file: string): Promise<Outputs> {
  const parsed = schema.safeParse(parse(file, await read(file)));
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "it"} ${message}`);
  throw new ClientError(`${file} does not hold a platform's outputs: ${wrong.join("; ")}.`, {
    hint: HOW_TO_GET,
  });
}

const schema = z.object(
  {
    gatewayUrl: z
      .string("is missing")
      .refine(isHttpsUrl, "must be a URL that begins with https://")
      .transform((url) => new URL(url).origin),
    gatewayCa: z
      .string("is missing")
      .refine((text) => text !== "[secret]", {
        message: "is hidden: run pulumi with --show-secrets",
        abort: true,
      })
      .refine(isCertificate, "must be a certificate in PEM"),
  },
  "must be an object",
);

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ClientError(
      missing ? `There are no outputs of a platform at ${file}.` : `The outputs cannot be read: ${reason}.`,
      { hint: HOW_TO_GET, cause },
    );
  }
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ClientError(`${file} is not well-formed JSON.`, { hint: HOW_TO_GET, cause });
  }
}

function isHttpsUrl(text: string): boolean {
  return URL.parse(text)?.protocol === "https:";
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
