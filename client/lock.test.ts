import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withLock } from "./lock.ts";

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-lock-"));
  file = join(folder, "lock");
});
afterEach(() => rm(folder, { recursive: true }));

/** Another process that holds the lock until it is killed. */
async function holder() {
  const script = `
    import { withLock } from ${JSON.stringify(new URL("./lock.ts", import.meta.url).href)};
    await withLock(process.argv[1], () => new Promise((resolve) => {
      console.log("held");
      setTimeout(resolve, 60_000);
    }));`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, file], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
}

describe("the lock", () => {
  it("lets in one at a time", async () => {
    let inside = 0;
    const most: number[] = [];
    const work = async () => {
      most.push(++inside);
      await new Promise((resolve) => setTimeout(resolve, 5));
      inside -= 1;
    };
    await Promise.all([withLock(file, work), withLock(file, work), withLock(file, work)]);
    expect(most).toEqual([1, 1, 1]);
  });

  it("is released when the work fails", async () => {
    await expect(withLock(file, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await withLock(file, () => Promise.resolve("free"))).toBe("free");
  });

  it("can be read by its owner alone", async () => {
    await withLock(file, () => Promise.resolve());
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it("held by another process for too long says so, and ends with that process", async () => {
    const other = await holder();
    const work = () => Promise.resolve("mine");
    await expect(withLock(file, work, 100)).rejects.toThrow("busy with this session for too long");
    const waiting = withLock(file, work);
    other.kill("SIGKILL");
    expect(await waiting).toBe("mine");
  });
});
