import type * as crypto from "node:crypto";
import { argon2Sync } from "node:crypto";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { Problem } from "../shared/problem.ts";
import { hashPassword, unknownUserHash, verifyPassword } from "./passwords.ts";

const load = vi.hoisted(() => ({ now: 0, most: 0, calls: 0, quick: false }));

/** The real argon2 with a count of how many run at once; in a flood, where only the count matters, a quick one. */
vi.mock("node:crypto", async (importOriginal) => {
  const original = await importOriginal<typeof crypto>();
  const argon2: typeof original.argon2 = (algorithm, parameters, callback) => {
    load.calls += 1;
    load.now += 1;
    load.most = Math.max(load.most, load.now);
    const end: typeof callback = (error, key) => {
      load.now -= 1;
      callback(error, key);
    };
    if (load.quick) setImmediate(end, null, Buffer.alloc(parameters.tagLength));
    else original.argon2(algorithm, parameters, end);
  };
  return { ...original, argon2 };
});

const password = "correct horse";
let hash: string;

beforeAll(async () => {
  hash = await hashPassword(password);
});
beforeEach(() => {
  Object.assign(load, { most: 0, calls: 0, quick: false });
});

describe("a password hash", () => {
  it("is an argon2id in PHC string form, with OWASP's parameters", () => {
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  });

  it("is what argon2id gives for its salt", () => {
    const [salt = "", key = ""] = hash.split("$").slice(-2);
    const expected = argon2Sync("argon2id", {
      message: password,
      nonce: Buffer.from(salt, "base64"),
      memory: 19_456,
      passes: 2,
      parallelism: 1,
      tagLength: 32,
    });
    expect(Buffer.from(key, "base64")).toEqual(expected);
  });

  it("has a salt of its own", async () => {
    const again = await hashPassword(password);
    expect(again.split("$")[4]).not.toBe(hash.split("$")[4]);
    expect(await verifyPassword(again, password)).toBe(true);
  });

  it("is met by its password alone", async () => {
    expect(await verifyPassword(hash, password)).toBe(true);
    expect(await verifyPassword(hash, `${password} `)).toBe(false);
    expect(await verifyPassword(hash, password.toUpperCase())).toBe(false);
  });

  it("of nobody is met by no password and costs as much to check", async () => {
    expect(await verifyPassword(unknownUserHash, password)).toBe(false);
    expect(load.calls).toBe(1);
    expect(unknownUserHash.length).toBe(hash.length);
  });

  it("of other parameters is an error and not a wrong password", async () => {
    await expect(verifyPassword(hash.replace("t=2", "t=1"), password)).rejects.toThrow("unknown parameters");
  });
});

describe("a flood of logins", () => {
  it("is hashed one at a time, and turned away beyond a queue of 64", async () => {
    load.quick = true;
    const results = await Promise.allSettled(
      Array.from({ length: 70 }, () => verifyPassword(hash, password)),
    );
    expect([load.most, load.calls]).toEqual([1, 65]);
    const refused = results.flatMap((result) =>
      result.status === "rejected" ? [result.reason as unknown] : [],
    );
    expect(refused).toHaveLength(5);
    for (const problem of refused) {
      expect(problem).toBeInstanceOf(Problem);
      const answer = (problem as Problem).toResponse();
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "2"]);
      expect(await answer.json()).toMatchObject({ code: "unavailable" });
    }
  });

  it("leaves the queue open once it is over", async () => {
    expect(await verifyPassword(hash, password)).toBe(true);
  });
});
