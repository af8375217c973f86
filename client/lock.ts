import { open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { DatabaseSync } from "node:sqlite";
import { ClientError } from "./errors.ts";

const POLL_MS = 50;
/** Longer than a request of the one who holds the lock can take. */
const PATIENCE_MS = 45_000;

/**
 * Runs work that only one process at a time may do. The lock is the operating system's, taken on the file through
 * SQLite (Node itself has no file locks): it ends with the process that holds it, however that dies, so that there
 * are no stale locks to judge. The file stays, empty.
 */
export async function withLock<T>(file: string, work: () => Promise<T>, patience = PATIENCE_MS): Promise<T> {
  // SQLite would create it with the mode of any file.
  await (await open(file, "a", 0o600)).close();
  const lock = await acquire(file, Date.now() + patience);
  try {
    return await work();
  } finally {
    lock.close();
  }
}

async function acquire(file: string, deadline: number): Promise<DatabaseSync> {
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    while (!tryLock(database)) {
      if (Date.now() > deadline) {
        throw new ClientError("Another client has been busy with this session for too long.", {
          hint: `Stop it, then try again. Both use ${file}.`,
        });
      }
      await sleep(POLL_MS);
    }
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function tryLock(database: DatabaseSync): boolean {
  try {
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    if (isBusy(error)) return false;
    throw error;
  }
}

/** Of SQLite's result codes, 5 is SQLITE_BUSY. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === 5;
}
