import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A port of a pod at an address of this machine. */
export interface Forwarded {
  readonly url: string;
  close(): void;
}

/** Opens a way to a port of a pod that no Service shows and no network policy allows: through its kubelet. */
export async function forwardPort(namespace: string, target: string, port: number): Promise<Forwarded> {
  const child = spawn("kubectl", ["--namespace", namespace, "port-forward", target, `:${port}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface(child.stdout)) {
    const [, address] = /^Forwarding from (127\.0\.0\.1:\d+) /.exec(line) ?? [];
    if (address !== undefined) return { url: `http://${address}`, close: () => child.kill() };
  }
  throw new Error(`no way to port ${port} of ${target}`);
}
