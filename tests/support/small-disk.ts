import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MEGABYTE = 2 ** 20;

/** A disk of its own, in memory, that a test can fill without harm to any other. Of Linux and root alone. */
export class SmallDisk {
  readonly path = mkdtempSync(join(tmpdir(), "gatehouse-disk-"));

  /** @throws Error where this process may not mount */
  constructor(megabytes: number) {
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", this.path], {
        stdio: "pipe",
      });
    } catch (error) {
      rmdirSync(this.path);
      throw error;
    }
  }

  /** Why there can be no such disk here; undefined where there can. */
  static unavailable(): string | undefined {
    if (process.platform !== "linux") return "needs Linux";
    if (process.getuid?.() !== 0) return "needs root, to mount a disk";
    try {
      new SmallDisk(1).remove();
      return undefined;
    } catch (error) {
      return `no disk can be mounted: ${(error as Error).message.trim().replaceAll("\n", " ")}`;
    }
  }

  /** Writes until nothing more fits, to the last page. */
  fill(): void {
    const file = openSync(this.#ballast, "a");
    try {
      for (const block = Buffer.alloc(MEGABYTE); ;) writeSync(file, block);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    } finally {
      closeSync(file);
    }
  }

  /** Gives back the space that was filled, if any was. */
  free(): void {
    rmSync(this.#ballast, { force: true });
  }

  /** Takes the disk away with all that is on it, even where a process still holds a file of it. */
  remove(): void {
    execFileSync("umount", ["--lazy", this.path]);
    rmdirSync(this.path);
  }

  get #ballast(): string {
    return join(this.path, "ballast");
  }
}
