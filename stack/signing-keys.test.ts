import { generateKeyPairSync } from "node:crypto";
import { expect, it } from "vitest";
import { createAccessTokens } from "../services/authentication/tokens.ts";
import { keySet } from "./signing-keys.ts";

const newKey = (type: "sec1" | "pkcs8") =>
  generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type, format: "pem" }).toString();

const options = { issuer: "gatehouse", audience: "gatehouse", lifetime: 60 };
const claims = {
  userId: "0f8fad5b-d9cb-469f-a165-70867728950e",
  sessionId: "7c9e6679-7425-40de-944b-e07fc1f90ae7",
};

it.each(["sec1", "pkcs8"] as const)(
  "makes a key set that the authentication service signs with, from %s",
  async (type) => {
    const tokens = await createAccessTokens(keySet([newKey(type)]), options);

    expect(await tokens.verify(await tokens.sign(claims))).toMatchObject(claims);
  },
);

it("accepts tokens of every key in the set, and signs with the first", async () => {
  const [older, newer] = [newKey("sec1"), newKey("sec1")];
  const before = await createAccessTokens(keySet([older]), options);
  const after = await createAccessTokens(keySet([newer, older]), options);

  expect(await after.verify(await before.sign(claims))).toMatchObject(claims);
  expect(await before.verify(await after.sign(claims))).toBeUndefined();
});

it("names a key by what it is, so that the same key has the same name everywhere", () => {
  const pem = newKey("sec1");
  const kid = (text: string) => (JSON.parse(text) as { keys: { kid: string }[] }).keys[0]?.kid;

  expect(kid(keySet([pem]))).toBe(kid(keySet([pem, newKey("sec1")])));
  expect(kid(keySet([pem]))).not.toBe(kid(keySet([newKey("sec1")])));
});
