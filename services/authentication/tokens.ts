import { createHash, randomBytes, randomUUID } from "node:crypto";
import type { JWK } from "jose";
import { createLocalJWKSet, errors, importJWK, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import { VerifiedTokens } from "./verified-tokens.ts";

const ALGORITHM = "ES256";
/** RFC 9068: no other kind of token that we might ever sign can pass for an access token. */
const TOKEN_TYPE = "at+jwt";

/** A duration in seconds. */
export type Seconds = number;

/** How far the clock of the replica that signed a token may be ahead of the one that checks it. */
const CLOCK_SKEW: Seconds = 10;

const privateJwk = z.looseObject({
  kty: z.literal("EC"),
  crv: z.literal("P-256"),
  x: z.string(),
  y: z.string(),
  d: z.string().optional(),
  kid: z.string().min(1),
});
const keySet = z.object({ keys: z.array(privateJwk).min(1) });

export interface TokenOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly lifetime: Seconds;
}

/** What an access token says: who, and in which session. */
export interface AccessClaims {
  readonly userId: string;
  readonly sessionId: string;
}

/** What a genuine token says besides: when it ends, in seconds since 1970. */
export interface VerifiedClaims extends AccessClaims {
  readonly end: Seconds;
}

export interface AccessTokens {
  readonly lifetime: Seconds;
  /** Of all that tokens are judged by: two replicas with one fingerprint say the same of every token. */
  readonly fingerprint: string;
  sign(claims: AccessClaims): Promise<string>;
  /** The claims of a genuine, unexpired access token; undefined for everything else. */
  verify(token: string): Promise<VerifiedClaims | undefined>;
}

const verifiedClaims = z.object({
  sub: z.uuid(),
  sid: z.uuid(),
  jti: z.string(),
  iat: z.number(),
  exp: z.number(),
});

/**
 * Access tokens as RFC 9068 has them, signed by the first key of a JSON Web Key Set (RFC 7517) and accepted
 * from any of its keys, so that a new key can be known everywhere before it signs, and an old one after.
 * @param keys the text of the key set; the first key must be private, the others may be public
 * @throws Error where the set cannot be used
 */
export async function createAccessTokens(keys: string, options: TokenOptions): Promise<AccessTokens> {
  const set = keySet.parse(JSON.parse(keys)).keys;
  const [first] = set as [z.infer<typeof privateJwk>];
  if (new Set(set.map(({ kid }) => kid)).size < set.length)
    throw new Error("signing keys: two keys have one kid");
  if (first.d === undefined) throw new Error("signing keys: the first key must be a private one, it signs");
  const signingKey = await importJWK(first as JWK, ALGORITHM);
  const accepted = set.map(({ kty, crv, x, y, kid }) => ({
    kty,
    crv,
    x,
    y,
    kid,
    alg: ALGORITHM,
    use: "sig",
  }));
  const publicKeys = createLocalJWKSet({ keys: accepted });

  const verified = new VerifiedTokens<z.infer<typeof verifiedClaims>>();

  async function verifyAnew(token: string, currentDate: Date) {
    try {
      const { payload, protectedHeader } = await jwtVerify(token, publicKeys, {
        algorithms: [ALGORITHM],
        typ: TOKEN_TYPE,
        issuer: options.issuer,
        audience: options.audience,
        requiredClaims: ["sub", "sid", "jti", "iat", "exp"],
        maxTokenAge: options.lifetime,
        clockTolerance: CLOCK_SKEW,
        currentDate,
      });
      if (protectedHeader.kid === undefined) return undefined;
      const claims = verifiedClaims.parse(payload);
      verified.add(token, claims);
      return claims;
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof z.ZodError) return undefined;
      throw error;
    }
  }

  return {
    lifetime: options.lifetime,
    fingerprint: fingerprintOf({ options, accepted: accepted.map((key) => JSON.stringify(key)).sort() }),

    sign: ({ userId, sessionId }) =>
      new SignJWT({ sid: sessionId })
        .setProtectedHeader({ alg: ALGORITHM, typ: TOKEN_TYPE, kid: first.kid })
        .setIssuer(options.issuer)
        .setAudience(options.audience)
        .setSubject(userId)
        .setJti(randomUUID())
        .setIssuedAt()
        .setExpirationTime(`${options.lifetime}s`)
        .sign(signingKey),

    async verify(token) {
      const currentDate = new Date();
      const claims = verified.get(token) ?? (await verifyAnew(token, currentDate));
      if (claims === undefined) return undefined;
      const { sub, sid, iat, exp } = claims;
      // jose tolerates as much at the end of a token's life as at its start; no token lives longer for it here.
      const now = Math.floor(currentDate.getTime() / 1000);
      if (exp <= now || now - iat > options.lifetime) return undefined;
      return { userId: sub, sessionId: sid, end: Math.min(exp, iat + options.lifetime) };
    },
  };
}

function fingerprintOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("base64url");
}

/** A new refresh token: 256 random bits, of which the database keeps the hash alone. */
export function newRefreshToken(): { token: string; hash: string } {
  const token = randomBytes(32).toString("base64url");
  return { token, hash: hashRefreshToken(token) };
}

/** A fast hash is enough for a secret that cannot be guessed. */
export function hashRefreshToken(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}
