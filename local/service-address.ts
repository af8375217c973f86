import type { Server, Socket } from "node:net";
import { connect, createServer } from "node:net";
import { HOST } from "./ports.ts";

/** What a service address needs to know of a replica. */
export interface Endpoint {
  readonly port: number;
  readonly ready: boolean;
}

/**
 * One address for all replicas of a service, as a Kubernetes Service is: it passes each connection, still
 * encrypted, to a replica that is ready, in turn, and to the next one where that does not answer. The gateway's
 * ForwardAuth and the services that call this one use it.
 */
export class ServiceAddress {
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #turn = 0;

  constructor(endpoints: () => readonly Endpoint[]) {
    this.#server = createServer({ pauseOnConnect: true, noDelay: true }, (client) => {
      this.#track(client);
      const all = endpoints();
      const ready = all.filter((endpoint) => endpoint.ready);
      const candidates = ready.length > 0 ? ready : all;
      const start = this.#turn++ % Math.max(1, candidates.length);
      this.#pass(client, [...candidates.slice(start), ...candidates.slice(0, start)]);
    });
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject).listen(port, HOST, resolve);
    });
  }

  close(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #pass(client: Socket, [endpoint, ...others]: readonly Endpoint[]): void {
    if (endpoint === undefined) {
      client.destroy();
      return;
    }
    const upstream = connect({ port: endpoint.port, host: HOST, noDelay: true });
    this.#track(upstream);
    const refused = () => this.#pass(client, others);
    upstream.once("error", refused);
    upstream.once("connect", () => {
      upstream.off("error", refused);
      if (client.destroyed) upstream.destroy();
      for (const [one, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        one.on("error", () => other.destroy());
        // What one side has sent still reaches the other.
        one.on("close", () => other.destroySoon());
        one.pipe(other);
      }
    });
  }

  #track(socket: Socket): void {
    this.#open.add(socket);
    socket.on("close", () => this.#open.delete(socket));
    socket.on("error", () => socket.destroy());
  }
}
