import { generateKeyPairSync, randomBytes } from "node:crypto";
import { z } from "zod";
import type { StateFolder } from "./state.ts";

/** A password of 192 random bits. */
function newPassword(): string {
  return randomBytes(24).toString("base64url");
}

/** The password of a login or user, made on first use. */
export function password(folder: StateFolder, name: string): string {
  return folder.keep(`secrets/${name}`, newPassword);
}

/** Path of the key set that signs access tokens, made on first use. */
export function signingKeysFile(folder: StateFolder): string {
  const name = "secrets/signing-keys.json";
  folder.keep(name, () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const jwk = z.looseObject({ kty: z.string() }).parse(privateKey.export({ format: "jwk" }));
    return JSON.stringify({
      keys: [{ ...jwk, kid: randomBytes(8).toString("hex"), alg: "ES256", use: "sig" }],
    });
  });
  return folder.file(name);
}
