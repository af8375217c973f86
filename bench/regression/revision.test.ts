import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../local/testing.ts";
import { baseOf, layOut } from "./revision.ts";

/** A repository with a commit on `main` for each text of its file. */
function repositoryOf(...texts: string[]) {
  const folder = temporaryFolder();
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=Test", "-c", "user.email=test@example.org", ...args], {
      cwd: folder,
      encoding: "utf8",
    }).trim();
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  const commit = (text: string) => {
    write("file", text);
    git("add", "--all");
    git("commit", "--quiet", "--message", `say ${text}`);
    return git("rev-parse", "HEAD");
  };
  git("init", "--quiet", "--initial-branch", "main");
  write("package-lock.json", "{}");
  write(".gitignore", "node_modules");
  mkdirSync(join(folder, "node_modules"));
  return { folder, git, write, commit, commits: texts.map(commit) };
}

describe("the commit that a change is measured against", () => {
  it("is where its branch left main", () => {
    const { folder, git, commit, commits } = repositoryOf("a", "b");
    git("checkout", "--quiet", "-b", "change");
    commit("c");
    commit("d");
    expect(baseOf(folder)).toBe(commits[1]);
  });

  it("on main is the one before, or the last one while there are changes", () => {
    const { folder, write, commits } = repositoryOf("a", "b", "c");
    expect(baseOf(folder)).toBe(commits[1]);
    write("file", "changed");
    expect(baseOf(folder)).toBe(commits[2]);
  });

  it("is what the remote's main has where that is behind", () => {
    const { folder, git, commits } = repositoryOf("a", "b", "c");
    git("update-ref", "refs/remotes/origin/main", commits[0] ?? "");
    expect(baseOf(folder)).toBe(commits[0]);
  });

  it("is none where the history has no other", () => {
    expect(baseOf(repositoryOf("a").folder)).toBeUndefined();
    expect(baseOf(temporaryFolder())).toBeUndefined();
  });
});

describe("an earlier commit that is laid out", () => {
  it("has the files of then and the dependencies of now, and goes with what it was for", () => {
    const { folder, commits } = repositoryOf("a", "b");
    let laidOut: string;
    {
      using tree = layOut(folder, commits[0] ?? "");
      laidOut = tree.folder;
      expect(tree.name).toMatch(/^[0-9a-f]{7,} say a$/);
      expect(readFileSync(join(laidOut, "file"), "utf8")).toBe("a");
      expect(realpathSync(join(laidOut, "node_modules"))).toBe(realpathSync(join(folder, "node_modules")));
    }
    expect(existsSync(laidOut)).toBe(false);
    expect(existsSync(join(folder, "node_modules"))).toBe(true);
  });

  it("installs its own dependencies where they differ", () => {
    const { folder, write, commit } = repositoryOf();
    const scripts = { postinstall: "echo yes > installed" };
    write("package.json", JSON.stringify({ name: "then", version: "1.0.0", scripts }));
    const packages = { "": { name: "then", version: "1.0.0", hasInstallScript: true } };
    write(
      "package-lock.json",
      JSON.stringify({ name: "then", version: "1.0.0", lockfileVersion: 3, packages }),
    );
    const then = commit("a");
    write("package-lock.json", "{}");
    using tree = layOut(folder, then);
    expect(readFileSync(join(tree.folder, "installed"), "utf8")).toBe("yes\n");
  });

  it("cannot be one that there is not", () => {
    expect(() => layOut(repositoryOf("a").folder, "nothing")).toThrow("there is no commit nothing here");
  });
});
