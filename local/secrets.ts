import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { z } from "zod";
import type { Ring } from "../rotation/ring.ts";
import type { StateFolder } from "./state.ts";

/** A password of 192 random bits. */
function newPassword(): string {
  return randomBytes(24).toString("base64url");
}

/** The password of a login or user, made on first use. */
export function password(folder: StateFolder, name: string): string {
  return folder.keep(`secrets/${name}`, newPassword);
}

/** Removes a secret that is used no more. */
export function forgetSecret(folder: StateFolder, name: string): void {
  rmSync(folder.file("secrets", name), { force: true });
}

const privateJwk = z.object({
  kty: z.string(),
  crv: z.string(),
  x: z.string(),
  y: z.string(),
  d: z.string(),
});

/** Name of the secret that holds one generation of the key which signs access tokens. */
export function signingKeyName(generation: number): string {
  return `signing-key-${generation}.json`;
}

/**
 * Writes the key set of these generations (RFC 7517), each made on first use: the first with its private part, for it
 * signs, the others without, for they are only accepted.
 * @returns the path of the key set
 */
export function writeSigningKeys(folder: StateFolder, ring: Ring): string {
  const keys = ring.map((generation, index) => {
    const { d, ...key } = privateJwk.parse(
      JSON.parse(folder.keep(`secrets/${signingKeyName(generation)}`, newSigningKey)),
    );
    const { kty, crv, x, y } = key;
    // A key is named by its thumbprint (RFC 7638).
    const kid = createHash("sha256").update(JSON.stringify({ crv, kty, x, y })).digest("base64url");
    return { ...key, ...(index === 0 ? { d } : {}), kid, alg: "ES256", use: "sig" };
  });
  return folder.write("secrets/signing-keys.json", JSON.stringify({ keys }));
}

function newSigningKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return JSON.stringify(privateKey.export({ format: "jwk" }));
}
