import { setTimeout as sleep } from "node:timers/promises";
import type { ClientHttp2Session } from "node:http2";
import { loopbackAddress } from "../support/client.ts";
import { sendRaw } from "../support/raw.ts";
import { eventually } from "../support/wait.ts";
import type { Attack } from "./attack.ts";
import { each, hold, tally } from "./attack.ts";
import { dawdling } from "./dawdlers.ts";
import { openSession, send } from "./http2.ts";
import { beginRequest } from "./slow.ts";
import { proxyHeaders } from "./spellings.ts";
import { http1 } from "./target.ts";

const LOGIN = "/authentication/login";
/** Requests of one source that a gateway has in flight on a route. */
const PER_SOURCE = 40;
/** Milliseconds after which Traefik's rate limit has forgotten a source, so that it is not what refuses. */
const FORGOTTEN = 5_000;

/** Sources and their requests at once: for each fewer than any limit of a source, together more than there is room. */
const SOURCES = 30;
const EACH = 30;

const proxied = (address: string) => proxyHeaders.map((name) => `${name}: ${address}\r\n`).join("");

/** The room that one source, and all together, have at the gateway. */
export const room: readonly Attack[] = [
  dawdling,
  {
    family: "flood",
    threat: `a source with ${PER_SOURCE} slow requests open has no more, whatever a proxy's header says of it`,
    quick: true,
    needs: ["addresses", "limits"],
    async run(target) {
      const { gatewayUrl, gatewayCa } = target.outputs;
      const localAddress = loopbackAddress();
      const sockets = await each(Array.from({ length: PER_SOURCE }), (_, index) => {
        const head = `Host: localhost\r\n${proxied(`10.1.${index}.1`)}Content-Length: 9\r\n\r\n`;
        return beginRequest(target, `POST ${LOGIN} HTTP/1.1\r\n${head}`, localAddress);
      });
      const ask = async (index: number) => {
        const request = http1("POST", LOGIN, proxied(`10.2.${index}.1`));
        return (await sendRaw(gatewayUrl, gatewayCa, request, { localAddress })).status;
      };
      try {
        await sleep(FORGOTTEN);
        const refused = await each(Array.from({ length: 5 }), (_, index) => ask(index));
        hold(
          refused.every((status) => status === 429),
          `five more get ${refused.join(", ")}`,
        );
      } finally {
        for (const socket of sockets) socket.destroy();
      }
      const status = await eventually("room again", async () => {
        const got = await ask(0);
        return got !== 429 && got;
      });
      return `5 of 5 more are refused; ${status} once the slow ones have gone`;
    },
  },
  {
    family: "flood",
    threat: `of ${SOURCES * EACH} at once from ${SOURCES} sources the gateway refuses what it has no room for, whatever role they claim`,
    quick: false,
    needs: ["addresses"],
    async run(target) {
      const { client } = await target.signUp();
      const sessions = Array.from({ length: SOURCES }, () => openSession(target));
      await each(sessions, connected, SOURCES);
      const answers = await Promise.all(
        sessions.flatMap((session, source) =>
          Array.from({ length: EACH }, (_, index) =>
            send(session, {
              headers: {
                ":method": "GET",
                ":path": "/orders",
                authorization: `Bearer ${client.cookies.get("jwt") ?? ""}`,
                "x-user-role": `role-${source}-${index}`,
              },
            }),
          ),
        ),
      );
      for (const session of sessions) session.destroy();
      for (const { status, headers } of answers)
        hold(status === 200 || (status === 503 && "retry-after" in headers), `a client gets ${status}`);
      // What a service refuses bears the request's id.
      const refused = answers.filter(({ status, headers }) => status === 503 && !("x-request-id" in headers));
      const figure = tally(answers.map(({ status }) => ({ what: "burst", status })));
      hold(refused.length > 0, `none is refused by the gateway: ${figure}`);
      return `${figure}, ${refused.length} of them the gateway's own refusals`;
    },
  },
];

function connected(session: ClientHttp2Session): Promise<void> {
  return new Promise((resolve, reject) => {
    session.once("connect", () => resolve()).once("error", reject);
  });
}
