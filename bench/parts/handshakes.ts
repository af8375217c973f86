import { Clients } from "../clients.ts";
import { handshakes as handshakesOf } from "../handshakes.ts";
import { signIn } from "../sessions.ts";
import { throughGateway } from "../targets.ts";
import { Trial } from "../../tests/support/trial.ts";
import type { Part } from "./part.ts";

const SECONDS = 45;
const CLIENTS = 16;
const REPLICA = "authentication-1";

/** Longer than a connection to the authentication service may live, so that what its renewal costs is in it. */
export const handshakes: Part = {
  name: "handshakes",
  what: "TLS handshakes of the authentication service under load that lasts",
  async run(stop) {
    await using trial = await Trial.start(["--limits", "off", "--replicas", "1"], stop);
    await using clients = new Clients(
      throughGateway(trial, await signIn(trial.outputs), "/products"),
      CLIENTS,
    );
    const count = () => handshakesOf(trial.urlOf(REPLICA), trial.tlsOf("prometheus"));
    const before = await count();
    const { length: requests } = await clients.askFor(SECONDS, stop);
    // One of them is the look itself; the health checks' are on a connection of their own that is kept.
    const shaken = (await count()) - before - 1;
    return {
      text: [
        `${CLIENTS} clients for ${SECONDS} s: ${requests} signed-in reads through the gateway, ${shaken} handshakes.`,
      ],
      goals: [
        { what: "handshakes for 1,000 requests", value: (1000 * shaken) / requests, limit: { most: 5 } },
      ],
    };
  },
};
