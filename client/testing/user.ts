import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAccount } from "../account.ts";
import type { Api } from "../api.ts";
import { createApi } from "../api.ts";
import { openGateway } from "../gateway.ts";
import type { Outputs } from "../outputs.ts";
import { openSession } from "../session.ts";

/** One user of one machine: the client in this process, with a real folder and real connections. */
export interface TestUser {
  readonly api: Api;
  /** Holds `gatehouse`, the folder of the sessions. */
  readonly stateHome: string;
  readonly stateFolder: string;
  /** Registers and signs in. */
  signIn(username?: string): Promise<void>;
  /** The file of the only session. */
  sessionFile(): Promise<string>;
  remove(): Promise<void>;
}

export const PASSWORD = "correct horse battery staple";

export async function createUser(outputs: Outputs): Promise<TestUser> {
  const stateHome = await mkdtemp(join(tmpdir(), "gatehouse-client-"));
  const stateFolder = join(stateHome, "gatehouse");
  const gateway = openGateway(outputs);
  const store = await openSession(outputs.gatewayUrl, stateFolder);
  const api = createApi(gateway, createAccount(gateway, store));
  return {
    api,
    stateHome,
    stateFolder,
    signIn: async (username = "alice") => {
      await api.registration({ username, password: PASSWORD });
      await api.login({ username, password: PASSWORD });
    },
    sessionFile: async () => {
      const [name, ...more] = (await readdir(stateFolder)).filter((file) => file.endsWith(".json"));
      if (name === undefined || more.length > 0) throw new Error("expected one session");
      return join(stateFolder, name);
    },
    remove: async () => {
      await gateway.close();
      await rm(stateHome, { recursive: true });
    },
  };
}

/** What the user is told where the work is refused. */
export async function toldBy(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => new Error("it was not refused"),
    (reason: unknown) => reason,
  );
  if (error instanceof Error && "text" in error && typeof error.text === "string") return error.text;
  throw error;
}
