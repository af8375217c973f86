import type { JsonWebKey, KeyObject } from "node:crypto";
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign as signBytes,
} from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Target } from "./target.ts";

type Part = Record<string, unknown>;

/** Makes a token from a genuine one with other fields in its header and payload; undefined takes a field out. */
export interface Forge {
  (header: Part, payload: Part): string;
  readonly publicKey: JsonWebKey;
  /** Tokens whose HMAC has the public key, in each of its forms, as its secret. */
  confusions(): Record<string, string>;
}

/** The header and payload of a token (RFC 7519). */
export function partsOf(token: string): { header: Part; payload: Part } {
  const [header = "", payload = ""] = token.split(".");
  const decode = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString()) as Part;
  return { header: decode(header), payload: decode(payload) };
}

const encode = (part: Part) => Buffer.from(JSON.stringify(part)).toString("base64url");

export function forgeOf(header: Part, payload: Part, sign: (input: Buffer) => Buffer) {
  return (otherHeader: Part, otherPayload: Part): string => {
    const input = `${encode({ ...header, ...otherHeader })}.${encode({ ...payload, ...otherPayload })}`;
    return `${input}.${sign(Buffer.from(input)).toString("base64url")}`;
  };
}

/** Signs with a new key that nobody knows. */
export function newForge(genuine: string): Forge {
  return withKey(genuine, generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
}

/** Signs with the platform's own key, from its state folder. */
export function signingForge({ state = "" }: Target, genuine: string): Forge {
  const text = readFileSync(join(state, "secrets/signing-keys.json"), "utf8");
  const { keys } = JSON.parse(text) as { keys: [JsonWebKey] };
  return withKey(genuine, createPrivateKey({ key: keys[0], format: "jwk" }));
}

function withKey(genuine: string, key: KeyObject): Forge {
  const { header, payload } = partsOf(genuine);
  const publicKey = createPublicKey(key);
  const jwk = publicKey.export({ format: "jwk" });
  const ecdsa = (input: Buffer) => signBytes("sha256", input, { key, dsaEncoding: "ieee-p1363" });
  const secrets: Record<string, string | Buffer> = {
    PEM: publicKey.export({ type: "spki", format: "pem" }),
    DER: publicKey.export({ type: "spki", format: "der" }),
    JWK: JSON.stringify(jwk),
    x: Buffer.from(jwk.x ?? "", "base64url"),
    nothing: "",
  };
  const confusions = () =>
    Object.fromEntries(
      Object.entries(secrets).map(([form, secret]) => {
        const hmac = (input: Buffer) => createHmac("sha256", secret).update(input).digest();
        return [form, forgeOf(header, payload, hmac)({ alg: "HS256" }, {})];
      }),
    );
  return Object.assign(forgeOf(header, payload, ecdsa), { publicKey: jwk, confusions });
}
