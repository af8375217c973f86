import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { BackupError } from "./error.ts";
import { backupIn, keepBackup } from "./folder.ts";
import { writeBackup } from "./format.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gatehouse-backups-"));
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

const empty = async (file: string) => {
  const takenAt = new Date();
  const { rows } = await writeBackup(file, { takenAt: takenAt.toISOString(), databases: [] }, []);
  return { takenAt, rows, bytes: 0 };
};
const keepAt = (time: string, kept = 2, backUp = empty) => {
  vi.useFakeTimers({ toFake: ["Date"], now: new Date(time) });
  return keepBackup(folder, kept, backUp);
};

it("keeps the newest backups and removes the others", async () => {
  await keepAt("2026-01-01T03:00:00Z");
  await keepAt("2026-01-02T03:00:00Z");
  expect(await keepAt("2026-01-03T03:00:00Z")).toMatchObject({
    name: "2026-01-03T03-00-00.000Z.backup",
    removed: ["2026-01-01T03-00-00.000Z.backup"],
  });
  expect(readdirSync(folder)).toEqual(["2026-01-02T03-00-00.000Z.backup", "2026-01-03T03-00-00.000Z.backup"]);
});

it("removes what one left that was ended half way, and nothing that is not a backup's", async () => {
  writeFileSync(join(folder, "2026-01-01T03-00-00.000Z.backup.17.partial"), "half");
  writeFileSync(join(folder, "lost+found"), "");
  await keepAt("2026-01-02T03:00:00Z");
  expect(readdirSync(folder).toSorted()).toEqual(["2026-01-02T03-00-00.000Z.backup", "lost+found"]);
});

it("removes no other where the new one cannot be made, or cannot be read", async () => {
  await keepAt("2026-01-01T03:00:00Z");
  const gone = () => Promise.reject(new BackupError("the database is gone"));
  await expect(keepAt("2026-01-02T03:00:00Z", 1, gone)).rejects.toThrow("the database is gone");
  const torn = (file: string) => {
    writeFileSync(file, "torn");
    return Promise.resolve({ takenAt: new Date(), rows: 0, bytes: 4 });
  };
  await expect(keepAt("2026-01-02T03:00:00Z", 1, torn)).rejects.toThrow(BackupError);
  expect(readdirSync(folder)).toEqual(["2026-01-01T03-00-00.000Z.backup"]);
});

it("finds the newest, or one by its name, and no file beside them", async () => {
  await expect(backupIn(folder)).rejects.toThrow("there is no backup yet: there is none");
  const first = await keepAt("2026-01-01T03:00:00Z");
  const second = await keepAt("2026-01-02T03:00:00Z");
  expect(basename(await backupIn(folder))).toBe(second.name);
  expect(basename(await backupIn(folder, first.name))).toBe(first.name);
  await expect(backupIn(folder, "../elsewhere.backup")).rejects.toThrow(/no backup \.\.\/elsewhere\.backup/);
});
