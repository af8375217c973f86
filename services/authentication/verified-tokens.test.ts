import { expect, it } from "vitest";
import { VerifiedTokens } from "./verified-tokens.ts";

it("remembers what a token says, of that very token alone", () => {
  const tokens = new VerifiedTokens<string>();
  tokens.add("header.payload.signature", "alice");
  expect(tokens.get("header.payload.signature")).toBe("alice");
  expect(tokens.get("header.payload.signaturf")).toBeUndefined();
});

it("forgets the oldest where there are too many", () => {
  const tokens = new VerifiedTokens<string>(2);
  for (const name of ["a", "b", "c"]) tokens.add(name, name);
  expect(["a", "b", "c"].map((name) => tokens.get(name))).toEqual([undefined, "b", "c"]);
});
