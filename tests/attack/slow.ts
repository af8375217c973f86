import type { TLSSocket } from "node:tls";
import { connect } from "node:tls";
import { loopbackAddress } from "../support/client.ts";
import { overHttp1 } from "../support/raw.ts";
import type { Target } from "./target.ts";

/** Milliseconds between the bytes that a slow client sends. */
export const DRIP = 1_000;

/** Sends the beginning of a request on a connection of its own, and leaves it open. */
export function beginRequest(
  { outputs, addresses }: Target,
  text: string,
  localAddress = loopbackAddress(),
): Promise<TLSSocket> {
  return new Promise((resolve) => {
    const socket = connect({
      ...overHttp1(outputs.gatewayUrl, outputs.gatewayCa),
      ...(addresses ? { localAddress, family: 4 } : {}),
    });
    socket.on("secureConnect", () => {
      socket.write(text);
      resolve(socket);
    });
    socket.on("error", () => resolve(socket)).resume();
  });
}
