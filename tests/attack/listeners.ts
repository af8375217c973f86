import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export interface Listener {
  readonly address: string;
  readonly port: number;
}

/** States of a socket in /proc/net/tcp (proc(5)). */
const LISTEN = "0A";
const ESTABLISHED = "01";

/** The TCP sockets on which a process of this machine listens, from Linux's /proc. */
export function listenersOf(pid: number): Listener[] {
  return socketsOf(pid, LISTEN);
}

/** How many TCP connections a process of this machine has. */
export function connectionsOf(pid: number): number {
  return socketsOf(pid, ESTABLISHED).length;
}

function socketsOf(pid: number, wanted: string): Listener[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        // Closed since the folder was read.
        return [];
      }
    }),
  );
  return ["tcp", "tcp6"].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, "utf8")
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode = ""]) => state === wanted && inodes.has(inode))
      .map(([, local = ""]) => {
        const [address = "", port = ""] = local.split(":");
        return { address: addressOf(address), port: Number.parseInt(port, 16) };
      }),
  );
}

/** `0100007F` is 127.0.0.1, as a machine of Intel's byte order writes it; an IPv6 address stays as it is. */
function addressOf(hex: string): string {
  if (hex.length > 8) return `[${hex}]`;
  return (hex.match(/../g) ?? [])
    .reverse()
    .map((byte) => Number.parseInt(byte, 16))
    .join(".");
}

/** Memory of a process's own, in MiB, which is what a pod's limit counts. */
export function ownMemory(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) / 1024;
}
