import type { IncomingHttpHeaders } from "node:http";
import { connect } from "node:tls";
import type { ConnectionOptions } from "node:tls";
import { request } from "undici";
import { catalog } from "../../services/catalog.ts";
import type { Catalog, Route } from "../../services/shared/catalog.ts";
import { overHttp1 } from "../support/raw.ts";
import type { Attack } from "./attack.ts";
import { each, hold, holdStatuses } from "./attack.ts";
import { openSession } from "./http2.ts";
import type { Target } from "./target.ts";
import { exposed, ofPresent, pathOf, routes } from "./target.ts";

/** Handshakes below Mozilla's "modern" profile (https://wiki.mozilla.org/Security/Server_Side_TLS), or for another protocol. */
const poorHandshakes: Readonly<Record<string, ConnectionOptions>> = {
  "TLS 1.0": { minVersion: "TLSv1", maxVersion: "TLSv1", ciphers: "ALL:@SECLEVEL=0" },
  "TLS 1.1": { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "ALL:@SECLEVEL=0" },
  "TLS 1.2": { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" },
  "no curve but P-521": { ecdhCurve: "P-521" },
  "a protocol that is none of HTTP": { ALPNProtocols: ["acme-tls/1"] },
};

/** Streams that one connection may have open: a reset flood (CVE-2023-44487) has so many at a time. */
const STREAMS = 128;

export const edge: readonly Attack[] = [
  {
    family: "edge",
    threat: `no handshake comes about with ${Object.keys(poorHandshakes).join(", ")}, nor with a certificate of another CA`,
    quick: true,
    async run(target) {
      hold(await shakesHands(target, {}), "not even a good handshake comes about");
      const tried = Object.entries({ ...poorHandshakes, "no CA but the public ones": { ca: undefined } });
      const made = await each(tried, async ([how, options]) =>
        (await shakesHands(target, options)) ? [how] : [],
      );
      hold(made.flat().length === 0, `a handshake with ${made.flat().join(", ")}`);
      return `0 of ${tried.length} handshakes`;
    },
  },
  {
    family: "edge",
    threat: `a connection over HTTP/2 may have at most ${STREAMS} streams open`,
    quick: true,
    async run(target) {
      const session = openSession(target);
      const { maxConcurrentStreams: most = Infinity } = await new Promise<{ maxConcurrentStreams?: number }>(
        (resolve) => session.once("remoteSettings", resolve),
      );
      session.destroy();
      hold(most <= STREAMS, `it may have ${most}`);
      return `${most} streams`;
    },
  },
  {
    family: "edge",
    threat: "over plain HTTP nothing is answered but the way to HTTPS, on every route and to what is inside",
    quick: true,
    async run({ outputs: { gatewayHttpUrl } }) {
      const outcomes = await each(routes, async (route) => {
        const { statusCode, headers, body } = await request(gatewayHttpUrl + pathOf(route), {
          method: route.method,
        });
        await body.dump();
        const what = `${route.method} ${route.path}`;
        hold(
          String(headers.location).startsWith("https://"),
          `${what}: ${statusCode} without the way to HTTPS`,
        );
        return { what, status: statusCode };
      });
      return holdStatuses(outcomes, [301, 307, 308]);
    },
  },
  {
    family: "edge",
    threat:
      "every answer of every route, refusals too, forbids frames, sniffing, referrers and others' scripts",
    quick: true,
    async run(target) {
      const outcomes = await each(exposed, async (route) => {
        const { status, headers } = await target.client().send(route.method, pathOf(route));
        return { what: `${route.method} ${route.path}`, status, route, headers };
      });
      const present = ofPresent(outcomes);
      for (const { what, route, headers } of present) holdHeaders(what, route, headers);
      return holdStatuses(present, [200, 400, 401, 415]);
    },
  },
];

/** @throws Broken that names the header which is not as it must be */
function holdHeaders(what: string, { service }: Route, headers: IncomingHttpHeaders): void {
  const policy = (catalog as Catalog)[service]?.servesPages ? ["script-src 'self'"] : [];
  const wanted: Readonly<Record<string, readonly string[]>> = {
    "x-content-type-options": ["nosniff"],
    "x-frame-options": ["DENY"],
    "referrer-policy": ["no-referrer"],
    "content-security-policy": ["default-src 'none'", "frame-ancestors 'none'", ...policy],
  };
  for (const [name, parts] of Object.entries(wanted)) {
    const got = String(headers[name] ?? "").split("; ");
    hold(
      parts.every((part) => got.includes(part)),
      `${what}: ${name} is "${got.join("; ")}"`,
    );
  }
}

/** Whether the gateway and a client of these options agree on a connection. */
function shakesHands({ outputs }: Target, options: ConnectionOptions): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({
      ...overHttp1(outputs.gatewayUrl, outputs.gatewayCa),
      timeout: 5_000,
      ...options,
    });
    const end = (agreed: boolean) => () => {
      socket.destroy();
      resolve(agreed);
    };
    // In TLS 1.3 a client is done before the server may refuse what it chose: only its first word shows that it did not.
    socket.on("secureConnect", () =>
      socket.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
    );
    socket.on("data", end(true)).on("error", end(false)).on("timeout", end(false)).on("close", end(false));
  });
}
