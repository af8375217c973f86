import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { connect, createServer } from "node:net";

/** A way to a port on this machine that can fail as networks do. */
export interface Door {
  readonly port: number;
  /** Breaks every connection, at both ends at once; new ones pass. */
  cut(): Promise<void>;
  /** Holds back every byte, and says nothing to new connections, until it speaks again. */
  silence(): void;
  /** What was connected while it was silent stays so; new connections pass. */
  speak(): void;
  /** Breaks every connection, and each new one as it comes, until it opens again. */
  shut(): Promise<void>;
  open(): void;
  close(): Promise<void>;
}

/** Opens a door to a port: what connects to it is passed on, byte by byte, so that TLS is none of its business. */
export async function openDoor(target: number): Promise<Door> {
  const open = new Set<Socket>();
  let silent = false;
  let shut = false;
  const server = createServer((client) => {
    track(client);
    if (shut) return void client.resetAndDestroy();
    if (silent) return void client.pause();
    const upstream = connect({ port: target, host: "127.0.0.1", noDelay: true });
    track(upstream);
    client.pipe(upstream).pipe(client);
    for (const [one, other] of [[client, upstream] as const, [upstream, client] as const])
      one.on("close", () => other.destroy());
  });
  function track(socket: Socket): void {
    open.add(socket);
    socket.on("error", () => socket.destroy()).on("close", () => open.delete(socket));
  }
  const cut = async () => {
    await Promise.all(
      [...open].map(async (socket) => {
        const closed = once(socket, "close");
        socket.resetAndDestroy();
        await closed;
      }),
    );
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    silence() {
      silent = true;
      for (const socket of open) socket.unpipe().pause();
    },
    speak: () => (silent = false),
    shut() {
      shut = true;
      return cut();
    },
    open: () => (shut = false),
    async close() {
      const closed = once(server, "close");
      server.close();
      await cut();
      await closed;
    },
  };
}
