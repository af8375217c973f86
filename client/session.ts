import { randomUUID } from "node:crypto";
import { chmod, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { z } from "zod";
import type { Cookies } from "./cookies.ts";
import { cookiesSchema } from "./cookies.ts";
import { ClientError } from "./errors.ts";
import { withLock } from "./lock.ts";

/** Where the session with one gateway is kept between commands. */
export interface SessionStore {
  /** The cookies of the session; none where there is no session. */
  read(): Promise<Cookies>;
  save(cookies: Cookies): Promise<void>;
  clear(): Promise<void>;
  /** Runs work while no other client changes this session. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
}

/** The user's state folder, as the XDG base directory specification has it. */
export function stateFolder(env: NodeJS.ProcessEnv = process.env): string {
  const base = env.XDG_STATE_HOME ?? "";
  return join(isAbsolute(base) ? base : join(homedir(), ".local", "state"), "gatehouse");
}

/** Opens the session with a gateway: a file for each URL, which its owner alone can read. */
export async function openSession(gatewayUrl: string, folder = stateFolder()): Promise<SessionStore> {
  const file = join(folder, `${encodeURIComponent(new URL(gatewayUrl).origin)}.json`);
  await telling(() => makePrivate(folder));
  return {
    read: () =>
      telling(async () => {
        await repairMode(file);
        return parse(await readIfThere(file));
      }),
    save: (cookies) => telling(() => replaceFile(file, JSON.stringify({ cookies }))),
    clear: () => telling(() => rm(file, { force: true })),
    exclusively: (work) => withLock(`${file}.lock`, work),
  };
}

/** What goes wrong with files is the user's to mend: it is told with the reason. */
async function telling<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ClientError(`The session cannot be kept: ${reason}.`, {
      hint: "Make that folder yours and writable, or name another one: XDG_STATE_HOME.",
      cause,
    });
  }
}

async function makePrivate(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
}

/** A copy or a backup may have opened the file to others. */
async function repairMode(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (found !== undefined && (found.mode & 0o077) !== 0) await chmod(file, 0o600);
}

async function readIfThere(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

/** A file that is not a session is as good as none: the next login replaces it. */
function parse(text: string): Cookies {
  try {
    return z.object({ cookies: cookiesSchema }).parse(JSON.parse(text)).cookies;
  } catch {
    return {};
  }
}

/** Replaces a file in one step and through to the disk: a refresh token that is lost halfway ends the session. */
async function replaceFile(file: string, text: string): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    const handle = await open(temporary, "wx", 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
