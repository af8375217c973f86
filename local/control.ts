import { once } from "node:events";
import { rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { KINDS, ringText, writeGenerations } from "../rotation/ring.ts";
import { LocalError } from "./error.ts";
import type { Rotation } from "./rotation.ts";
import type { StateFolder } from "./state.ts";

/** Name of the socket in the state folder, which nobody but its owner can enter. */
export const CONTROL_SOCKET = "control.sock";

export interface Control {
  stop(): Promise<void>;
}

/**
 * Lets other processes of the same user rotate what a running platform runs on, over HTTP on a socket:
 * `GET /generations` tells how far each kind is, `PUT /generations/<kind>` with a ring takes one step and answers once
 * it was taken everywhere.
 * @throws Error where the path of the folder is too long for a socket, which systems end at some 100 bytes
 */
export async function startControl(
  folder: StateFolder,
  rotation: Pick<Rotation, "generations" | "move">,
): Promise<Control> {
  const path = folder.file(CONTROL_SOCKET);
  rmSync(path, { force: true });
  const server = createServer((request, response) => {
    void answer(request, response, rotation);
  });
  server.requestTimeout = 0;
  server.listen(path);
  await once(server, "listening");
  return {
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  rotation: Pick<Rotation, "generations" | "move">,
): Promise<void> {
  const { status, body } = await outcome(request, rotation);
  response.writeHead(status).end(body);
}

async function outcome(
  request: IncomingMessage,
  rotation: Pick<Rotation, "generations" | "move">,
): Promise<{ status: number; body: string }> {
  const { method, url = "" } = request;
  if (method === "GET" && url === "/generations")
    return { status: 200, body: JSON.stringify(writeGenerations(rotation.generations)) };
  const kind = KINDS.find((name) => url === `/generations/${name}`);
  if (method !== "PUT" || kind === undefined) return { status: 404, body: "no such thing" };
  const ring = ringText.safeParse(await text(request));
  if (!ring.success) return { status: 400, body: ring.error.issues.map(({ message }) => message).join("; ") };
  try {
    await rotation.move(kind, ring.data);
    return { status: 204, body: "" };
  } catch (error) {
    return { status: error instanceof LocalError ? 409 : 500, body: (error as Error).message };
  }
}
