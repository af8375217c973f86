import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { localTarget } from "../rotation/local-target.ts";
import type { Generations, Kind, Ring } from "../rotation/ring.ts";
import { startControl } from "./control.ts";
import { LocalError } from "./error.ts";
import { StateFolder } from "./state.ts";
import { temporaryFolder } from "./testing.ts";

const generations: Generations = { ca: [2, 1], leaves: [3], "signing-keys": [1] };

/** A control socket before a rotation that notes its moves, and the way to it that `npm run rotate` takes. */
async function controlled(move: (kind: Kind, ring: Ring) => Promise<void>) {
  const folder = await StateFolder.open(temporaryFolder());
  const control = await startControl(folder, { generations, move });
  const target = localTarget(folder.path);
  onTestFinished(async () => {
    await target.close();
    await control.stop();
  });
  return { folder, target };
}

it("tells how far a platform is, and takes a step", async () => {
  const moves: unknown[] = [];
  const { target } = await controlled((kind, ring) => Promise.resolve(void moves.push([kind, ring])));
  expect(await target.read()).toEqual(generations);
  await target.apply("ca", [2]);
  expect(moves).toEqual([["ca", [2]]]);
});

it("says why a step is refused or failed", async () => {
  const { target } = await controlled((kind) =>
    Promise.reject(kind === "ca" ? new LocalError("another rotation is under way") : new Error("not ready")),
  );
  await expect(target.apply("ca", [2])).rejects.toThrow("another rotation is under way");
  await expect(target.apply("leaves", [4])).rejects.toThrow("not ready");
  await expect(target.apply("ca", [2, 2])).rejects.toThrow("expected one generation, or two different ones");
});

it("says what to do where no platform runs on the folder", async () => {
  const target = localTarget(temporaryFolder());
  onTestFinished(() => target.close());
  await expect(target.read()).rejects.toThrow(
    /no platform answers on .*control\.sock .*start it with npm start/,
  );
});

it("takes the place of a socket that a killed runner left, and leaves none", async () => {
  const folder = await StateFolder.open(temporaryFolder());
  const rotation = { generations, move: () => Promise.resolve() };
  const first = await startControl(folder, rotation);
  const second = await startControl(folder, rotation);
  const target = localTarget(folder.path);
  expect(await target.read()).toEqual(generations);
  await target.close();
  await second.stop();
  await first.stop();
  expect(existsSync(folder.file("control.sock"))).toBe(false);
});

it("cannot be in a folder whose path is longer than a socket's may be", async () => {
  const folder = await StateFolder.open(join(temporaryFolder(), randomBytes(60).toString("hex")));
  await expect(startControl(folder, { generations, move: () => Promise.resolve() })).rejects.toThrow();
});
