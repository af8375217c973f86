import { createHmac, createPublicKey, randomUUID, sign as signBytes } from "node:crypto";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { TestKey } from "./testing.ts";
import { newKey } from "./testing.ts";
import type { TokenOptions } from "./tokens.ts";
import { createAccessTokens } from "./tokens.ts";

const NOW = Date.UTC(2026, 10, 1, 12) / 1000;
const options: TokenOptions = { issuer: "gatehouse", audience: "shop", lifetime: 900 };
const key = newKey("2026-11");
const other = newKey("2026-10");
const claims = { userId: randomUUID(), sessionId: randomUUID() };

const tokensOf = (...keys: object[]) => createAccessTokens(JSON.stringify({ keys }), options);
const tokens = await tokensOf(key, publicPart(other));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW * 1000 });
});
afterEach(() => vi.useRealTimers());

function publicPart({ d: _, ...rest }: TestKey) {
  return rest;
}

const encode = (value: unknown) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

const goodHeader = { alg: "ES256", typ: "at+jwt", kid: key.kid };
const goodPayload = {
  iss: "gatehouse",
  aud: "shop",
  sub: claims.userId,
  sid: claims.sessionId,
  jti: randomUUID(),
  iat: NOW,
  exp: NOW + 900,
};

/** A token with any header and payload, signed as ES256 by any key. */
function forge(header: object = {}, payload: object = {}, signer: TestKey = key): string {
  const input = `${encode({ ...goodHeader, ...header })}.${encode({ ...goodPayload, ...payload })}`;
  const signature = signBytes("sha256", Buffer.from(input), {
    key: signer,
    format: "jwk",
    dsaEncoding: "ieee-p1363",
  });
  return `${input}.${signature.toString("base64url")}`;
}

describe("access tokens", () => {
  it("are accepted as they were signed", async () => {
    const token = await tokens.sign(claims);
    expect(decodeProtectedHeader(token)).toEqual(goodHeader);
    expect(decodeJwt(token)).toEqual({ ...goodPayload, jti: expect.any(String) as string });
    expect(await tokens.verify(token)).toMatchObject(claims);
  });

  it("are each of their own, also for the same session at the same time", async () => {
    expect(decodeJwt(await tokens.sign(claims)).jti).not.toBe(decodeJwt(await tokens.sign(claims)).jti);
  });

  it("are accepted when the tests' own forge makes them well, so that its refusals mean something", async () => {
    expect(await tokens.verify(forge())).toMatchObject(claims);
  });

  it.each([
    ["another type", { typ: "JWT" }],
    ["a refresh token's type", { typ: "rt+jwt" }],
    ["no type", { typ: undefined }],
    ["an unknown kid", { kid: "nobody" }],
    ["another key's kid", { kid: other.kid }],
    ["an empty kid", { kid: "" }],
    ["no kid", { kid: undefined }],
    ["a kid that is no text", { kid: 1 }],
    ["another algorithm's name", { alg: "ES384" }],
    ["no algorithm", { alg: undefined }],
    ["an extension that must be understood", { crit: ["exp"], exp: 1 }],
  ])("with %s in the header are refused", async (_what, header) => {
    expect(await tokens.verify(forge(header))).toBeUndefined();
  });

  it.each<[string, object]>([
    ["another issuer", { iss: "gatehouse2" }],
    ["another audience", { aud: "shop2" }],
    ["a user that is no id", { sub: "alice" }],
    ["a session that is no id", { sid: "1" }],
    ["an id that is no text", { jti: 1 }],
    ["an end that has come", { iat: NOW - 100, exp: NOW }],
    ["an end that is no number", { exp: "tomorrow" }],
    ["a start to come", { nbf: NOW + 11 }],
    ["a birth to come", { iat: NOW + 11 }],
    ["an end that came a second ago", { iat: NOW - 100, exp: NOW - 1 }],
    ["a birth too long ago, whatever its end", { iat: NOW - 901, exp: NOW + 9_000 }],
    ...Object.keys(goodPayload).map((claim): [string, object] => [`no ${claim}`, { [claim]: undefined }]),
  ])("with %s are refused", async (_what, payload) => {
    expect(await tokens.verify(forge({}, payload))).toBeUndefined();
  });

  it("are accepted from a replica whose clock is ahead by up to ten seconds", async () => {
    for (const ahead of [1, 10]) {
      const birth = NOW + ahead;
      expect(await tokens.verify(forge({}, { iat: birth, nbf: birth, exp: birth + 900 }))).toMatchObject(
        claims,
      );
    }
  });

  it("are good until the second before their end", async () => {
    const token = await tokens.sign(claims);
    vi.setSystemTime((NOW + 899) * 1000);
    expect(await tokens.verify(token)).toMatchObject(claims);
    vi.setSystemTime((NOW + 900) * 1000);
    expect(await tokens.verify(token)).toBeUndefined();
  });

  it("are refused where one bit of any part is another", async () => {
    const parts = (await tokens.sign(claims)).split(".").map((part) => Buffer.from(part, "base64url"));
    const accepted: string[] = [];
    for (const [which, part] of parts.entries()) {
      for (const position of [0, part.length >> 1, part.length - 1]) {
        const flipped = Buffer.from(part);
        flipped[position] = (flipped[position] ?? 0) ^ 1;
        const token = parts.map((bytes, index) => (index === which ? flipped : bytes).toString("base64url"));
        if ((await tokens.verify(token.join("."))) !== undefined) accepted.push(`${which}:${position}`);
      }
    }
    expect(accepted).toEqual([]);
  });

  it("are refused without a signature, whatever the header says of it", async () => {
    const payload = encode(goodPayload);
    for (const alg of ["none", "None", "NONE", ""]) {
      const header = encode({ ...goodHeader, alg });
      expect(await tokens.verify(`${header}.${payload}.`)).toBeUndefined();
      expect(await tokens.verify(`${header}.${payload}.${encode("signed")}`)).toBeUndefined();
    }
    expect(await tokens.verify(`${encode(goodHeader)}.${payload}.`)).toBeUndefined();
    expect(await tokens.verify(`${encode(goodHeader)}.${payload}.${"A".repeat(86)}`)).toBeUndefined();
  });

  it("are refused where the public key served as the secret of an HMAC", async () => {
    const publicKey = createPublicKey({ key: publicPart(key), format: "jwk" });
    const secrets = [
      publicKey.export({ type: "spki", format: "pem" }),
      publicKey.export({ type: "spki", format: "der" }),
      JSON.stringify(publicPart(key)),
      Buffer.from(key.x, "base64url"),
      Buffer.alloc(0),
    ];
    const input = `${encode({ ...goodHeader, alg: "HS256" })}.${encode(goodPayload)}`;
    for (const secret of secrets) {
      const signature = createHmac("sha256", secret).update(input).digest("base64url");
      expect(await tokens.verify(`${input}.${signature}`)).toBeUndefined();
    }
  });

  it("are refused where they bring their own key, or the place to fetch it from, and nothing is fetched", async () => {
    const fetched = vi.spyOn(globalThis, "fetch").mockRejectedValue(new Error("not to be called"));
    const thief = newKey(key.kid);
    for (const header of [
      { jwk: publicPart(thief) },
      { jku: "https://thief.example/keys.json" },
      { x5u: "https://thief.example/certificate.pem" },
      { x5c: ["MIIB"] },
      { jwk: publicPart(thief), kid: "thief" },
    ]) {
      expect(await tokens.verify(forge(header, {}, thief))).toBeUndefined();
    }
    expect(fetched).not.toHaveBeenCalled();
    fetched.mockRestore();
  });

  it.each(["", "x", "a.b.c", "..", "....", "a.b.c.d.e", `${encode(goodHeader)}.e30.e30`, "\u0000", "é.é.é"])(
    "that are none (%j) are refused without an error",
    async (text) => expect(await tokens.verify(text)).toBeUndefined(),
  );
});

describe("the key set", () => {
  it("accepts tokens of all its keys, and signs with the first", async () => {
    const former = await tokensOf(other);
    expect(await tokens.verify(await former.sign(claims))).toMatchObject(claims);
    expect(decodeProtectedHeader(await tokens.sign(claims)).kid).toBe(key.kid);
  });

  it("knows a new key before it signs, and an old one after, so that no token fails meanwhile", async () => {
    const announced = await tokensOf(other, publicPart(key));
    const switched = await tokensOf(key, publicPart(other));
    expect(await announced.verify(await switched.sign(claims))).toMatchObject(claims);
    expect(await switched.verify(await announced.sign(claims))).toMatchObject(claims);
  });

  it("of one key does not guess that a token without a kid is of that key", async () => {
    const single = await tokensOf(key);
    expect(await single.verify(forge())).toMatchObject(claims);
    expect(await single.verify(forge({ kid: undefined }))).toBeUndefined();
  });

  it("refuses tokens of a key that was taken out of it", async () => {
    const token = await (await tokensOf(other)).sign(claims);
    expect(await (await tokensOf(key)).verify(token)).toBeUndefined();
  });

  it.each([
    ["a first key that is public", [publicPart(key)]],
    ["no key", []],
    ["a key without an id", [{ ...key, kid: undefined }]],
    ["a key with an empty id", [{ ...key, kid: "" }]],
    ["a secret of an HMAC", [{ kty: "oct", k: "c2VjcmV0", kid: "1" }]],
    ["a key of another curve", [{ ...key, crv: "P-384" }]],
    ["a point that is not on the curve", [{ ...key, x: key.y }]],
  ])("with %s is no key set", async (_what, keys) => {
    await expect(tokensOf(...keys)).rejects.toThrow();
  });

  it("names what is wrong with a public first key", async () => {
    await expect(tokensOf(publicPart(key))).rejects.toThrow("the first key must be a private one");
  });

  it("names what is wrong with two keys of one kid", async () => {
    await expect(tokensOf(key, { ...other, kid: key.kid })).rejects.toThrow("two keys have one kid");
  });

  it("are judged alike by replicas with one fingerprint: of the keys in any order, the issuer, the audience", async () => {
    const of = async (keys: object[], changed: Partial<TokenOptions> = {}) =>
      (await createAccessTokens(JSON.stringify({ keys }), { ...options, ...changed })).fingerprint;
    const known = await of([key, other]);
    expect(await of([other, publicPart(key)])).toBe(known);
    for (const differing of [
      of([key]),
      of([key, newKey()]),
      of([key, other], { issuer: "another" }),
      of([key, other], { audience: "another" }),
      of([key, other], { lifetime: 60 }),
    ])
      expect(await differing).not.toBe(known);
    expect(known).not.toContain(key.d);
  });
});
