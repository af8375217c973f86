import { expect, it } from "vitest";
import { RotationError } from "./error.ts";
import type { Generations, Kind, Ring } from "./ring.ts";
import { allGenerationsText } from "./ring.ts";
import type { RotateOptions } from "./rotate.ts";
import { rotate } from "./rotate.ts";

/** A platform that notes what is done to it, and can fail in one step. */
function platform(start: Partial<Record<Kind, string>> = {}, failsAt?: string) {
  let applied: Generations = allGenerationsText.parse(start);
  let failing = failsAt;
  const done: string[] = [];
  const options = (more: Partial<RotateOptions> = {}): RotateOptions => ({
    walk: "all",
    now: false,
    say: () => undefined,
    wait: (seconds) => Promise.resolve(void done.push(`wait ${seconds}`)),
    ...more,
  });
  const target = {
    read: () => Promise.resolve(applied),
    apply: (kind: Kind, ring: Ring) => {
      if (failing === ring.join()) {
        failing = undefined;
        return Promise.reject(new Error("a process did not get ready"));
      }
      applied = { ...applied, [kind]: ring };
      done.push(ring.join());
      return Promise.resolve();
    },
  };
  return { target, done, options };
}

it("takes all steps, one after the other", async () => {
  const { target, done, options } = platform();
  await rotate("ca", target, options());
  expect(done).toEqual(["1,2", "2,1", "2"]);
});

it("retires a signing key only when no token that it signed can be alive", async () => {
  const { target, done, options } = platform();
  await rotate("signing-keys", target, options());
  expect(done).toEqual(["1,2", "2,1", "wait 900", "2"]);
});

it("retires a signing key at once where that is asked for", async () => {
  const { target, done, options } = platform();
  await rotate("signing-keys", target, options({ now: true }));
  expect(done).toEqual(["1,2", "2,1", "2"]);
});

it("goes on where an earlier one ended, also within a step", async () => {
  const { target, done, options } = platform({}, "2,1");
  await expect(rotate("ca", target, options())).rejects.toThrow("did not get ready");
  await rotate("ca", target, options());
  expect(done).toEqual(["1,2", "2,1", "2"]);
});

it("takes one step alone, and undoes one", async () => {
  const { target, done, options } = platform();
  for (const walk of ["step", "step", "back", "back"] as const) await rotate("ca", target, options({ walk }));
  expect(done).toEqual(["1,2", "2,1", "1,2", "1"]);
  await expect(rotate("ca", target, options({ walk: "back" }))).rejects.toThrow(RotationError);
});

it("replaces leaves in one step", async () => {
  const { target, done, options } = platform({ leaves: "4" });
  await rotate("leaves", target, options());
  expect(done).toEqual(["5"]);
});

it("says so where a platform has nothing of that kind", async () => {
  const { target, options } = platform();
  const without = { ...target, read: () => Promise.resolve({}) };
  await expect(rotate("database-passwords", without, options())).rejects.toThrow(/has no database-passwords/);
});
