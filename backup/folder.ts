import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { BackupSummary } from "./backup.ts";
import { BackupError } from "./error.ts";
import { readBackup } from "./format.ts";

const SUFFIX = ".backup";

/** What {@link keepBackup} did. */
export interface KeptBackup extends BackupSummary {
  /** Name of the file in the folder. */
  readonly name: string;
  /** Names of those that went. */
  readonly removed: readonly string[];
}

/**
 * Adds a backup to a folder of them, reads it from end to end, and removes the oldest beyond a number. Nobody else may write to
 * the folder meanwhile.
 * @param kept how many there are at most in the end
 * @param backUp makes one at a path
 * @throws BackupError where it cannot be made or read; then no other has been removed
 */
export async function keepBackup(
  folder: string,
  kept: number,
  backUp: (file: string) => Promise<BackupSummary>,
): Promise<KeptBackup> {
  await mkdir(folder, { recursive: true });
  // Names sort by time, and have no colon, which some volumes do not take.
  const name = new Date().toISOString().replaceAll(":", "-") + SUFFIX;
  const file = join(folder, name);
  const summary = await backUp(file);
  try {
    await readBackup(file);
  } catch (error) {
    await rm(file);
    throw error;
  }
  return { ...summary, name, removed: await prune(folder, kept) };
}

/**
 * The path of a backup in a folder: of the newest where no name is given.
 * @throws BackupError where there is none
 */
export async function backupIn(folder: string, name?: string): Promise<string> {
  const names = await backupsIn(folder);
  const found = name === undefined ? names.at(-1) : names.find((other) => other === name);
  if (found !== undefined) return join(folder, found);
  const there = names.length === 0 ? "none" : names.join(", ");
  throw new BackupError(`there is no backup ${name ?? "yet"}: there is ${there}`);
}

/** Names of complete backups, the oldest first. */
async function backupsIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith(SUFFIX)).toSorted();
}

/** Removes all but the newest, and what a backup left that was ended half way. */
async function prune(folder: string, kept: number): Promise<string[]> {
  const complete = await backupsIn(folder);
  const partial = (await readdir(folder)).filter((name) => name.includes(`${SUFFIX}.`));
  const removed = [...complete.slice(0, -kept), ...partial];
  for (const name of removed) await rm(join(folder, name));
  return removed;
}
