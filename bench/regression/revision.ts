import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/**
 * The commit that a change is measured against: where it left the main branch or, on that branch itself, the last commit
 * while there are changes that were not committed, and else the one before.
 * @returns undefined where the history does not reach so far
 */
export function baseOf(repository: string): string | undefined {
  const head = git(repository, "rev-parse", "HEAD");
  const bases = ["origin/main", "main"].map((branch) => git(repository, "merge-base", "HEAD", branch));
  const left = bases.find((base) => base !== undefined && base !== head);
  if (left !== undefined) return left;
  const changed = git(repository, "status", "--porcelain", "--untracked-files=no") !== "";
  return changed ? head : git(repository, "rev-parse", "--verify", "--quiet", "HEAD^");
}

/** A commit's files in a folder of their own, with dependencies installed. */
export interface Tree extends Disposable {
  readonly folder: string;
  /** `1a2b3c4 subject of the commit`. */
  readonly name: string;
}

/**
 * Lays out a commit beside the checkout. Where both lock the same dependencies, the checkout's are used.
 * @throws Error where there is no such commit
 */
export function layOut(repository: string, revision: string): Tree {
  const name = git(repository, "log", "-1", "--format=%h %s", revision);
  if (name === undefined) throw new Error(`there is no commit ${revision} here`);
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-before-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const archive = spawnSync("git", ["archive", revision], { cwd: repository, maxBuffer: 2 ** 30 });
    execFileSync("tar", ["--extract"], { cwd: folder, input: archive.stdout });
    const lock = (tree: string) => readFileSync(join(tree, "package-lock.json"), "utf8");
    if (lock(folder) === lock(repository))
      symlinkSync(resolve(repository, "node_modules"), join(folder, "node_modules"));
    else execFileSync("npm", ["ci", "--prefer-offline"], { cwd: folder, stdio: "inherit" });
  } catch (error) {
    remove();
    throw error;
  }
  return { folder, name, [Symbol.dispose]: remove };
}

/** What git answers; undefined where it has no answer. */
function git(repository: string, ...args: string[]): string | undefined {
  const { status, stdout } = spawnSync("git", args, { cwd: repository, encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}
