import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { signUp } from "../support/client.ts";
import { eventually } from "../support/wait.ts";

const run = promisify(execFile);
const command = (name: "backup" | "restore", ...args: string[]) =>
  run(process.execPath, [`local/${name}.ts`, ...args]);

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "gatehouse-backup-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The rows of a backup, without what tells when it was made. */
function rowsOf(file: string): string[] {
  const lines = gunzipSync(readFileSync(file)).toString().trim().split("\n");
  return lines.slice(1, -1).toSorted();
}

describe("npm run backup and restore", () => {
  it("bring a running platform's data to a new folder, as it was", { timeout: 120_000 }, async () => {
    const { username } = await signUp();
    const first = join(root, "first");
    // Another test may be killing the database just now.
    await eventually("a backup", () =>
      command("backup", "--state", inject("state"), first).catch(() => undefined),
    );
    expect(statSync(first).mode & 0o777).toBe(0o600);
    expect(rowsOf(first).join("\n")).toContain(username);

    const state = join(root, "state");
    await command("restore", "--state", state, first);
    const second = join(root, "second");
    const { stdout } = await command("backup", "--state", state, second);
    expect(stdout).toMatch(/second: \d+ rows as of 20/);
    expect(rowsOf(second)).toEqual(rowsOf(first));

    const again = command("restore", "--state", state, first);
    await expect(again).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/there are databases already .*--force\n$/) as string,
    });
    await command("restore", "--state", state, "--force", first);
  });

  it.each<[string, "backup" | "restore", () => string[], RegExp]>([
    [
      "there is no platform",
      "backup",
      () => ["--state", join(root, "none"), join(root, "x")],
      /^there is no platform/,
    ],
    [
      "the platform runs",
      "restore",
      () => ["--state", inject("state"), join(root, "first")],
      /^a platform already runs/,
    ],
    ["there is no backup", "restore", () => [join(root, "none")], /^there is no file/],
    [
      "the backup is damaged",
      "restore",
      () => ["--check", damaged()],
      /is no backup, damaged or cut off|is damaged or cut off/,
    ],
  ])("say in one line that %s", async (_what, name, args, words) => {
    const refused = command(name, ...args());
    await expect(refused).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(words) as string });
    await expect(refused).rejects.toMatchObject({ stderr: expect.stringMatching(/^[^\n]+\n$/) as string });
    expect(existsSync(join(root, "none"))).toBe(false);
  });
});

function damaged(): string {
  const file = join(root, "damaged");
  writeFileSync(file, readFileSync(join(root, "first")).subarray(0, -20));
  return file;
}
