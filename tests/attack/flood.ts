import type { TLSSocket } from "node:tls";
import { connect } from "node:tls";
import { catalog } from "../../services/catalog.ts";
import type { Catalog } from "../../services/shared/catalog.ts";
import { loopbackAddress } from "../support/client.ts";
import type { Attack } from "./attack.ts";
import { each, hold } from "./attack.ts";
import { openSession } from "./http2.ts";
import { connectionsOf, ownMemory } from "./listeners.ts";
import { holdServed, Victims } from "./measure.ts";
import { proxyHeaders } from "./spellings.ts";
import type { Target } from "./target.ts";
import { exposed, http1, pathOf } from "./target.ts";

const CONNECTIONS = 1_000;
/** Milliseconds between the bytes that a slow client sends. */
const DRIP = 1_000;
/** Pages are large, and no body is read for them: one that comes with a request is left where it is. */
const bounded = exposed.filter(({ service }) => !(catalog as Catalog)[service]?.servesPages);
const taking = exposed.filter(({ method }) => method === "POST");

/** A thousand clients who begin a request and never get to its end, from as many addresses. */
function slow(threat: string, begin: (index: number) => string): Attack {
  return {
    family: "flood",
    threat,
    quick: false,
    needs: ["addresses"],
    async run(target) {
      const victims = await Victims.of(target);
      const idle = await victims.ask();
      const sockets = await each(
        Array.from({ length: CONNECTIONS }),
        (_, index) => open(target, begin(index)),
        50,
      );
      const drip = setInterval(() => {
        for (const socket of sockets) if (socket.writable) socket.write("x");
      }, DRIP);
      const attacked = await victims.ask();
      clearInterval(drip);
      const held = sockets.filter(({ destroyed }) => !destroyed).length;
      try {
        return `${holdServed(idle, attacked)}; ${held} of ${CONNECTIONS} open${holdOutside(target)}`;
      } finally {
        for (const socket of sockets) socket.destroy();
      }
    },
  };
}

function open({ outputs }: Target, text: string): Promise<TLSSocket> {
  const { hostname, port } = new URL(outputs.gatewayUrl);
  const source = { localAddress: loopbackAddress(), family: 4 };
  return new Promise((resolve) => {
    const socket = connect({
      host: hostname,
      port: Number(port || 443),
      servername: "localhost",
      ca: outputs.gatewayCa,
      ALPNProtocols: ["http/1.1"],
      ...source,
    });
    socket.on("secureConnect", () => {
      socket.write(text);
      resolve(socket);
    });
    socket.on("error", () => resolve(socket)).resume();
  });
}

/** What the flood has become inside, where the platform is one of this machine. */
function holdOutside(target: Target): string {
  if (target.lacks(["state"]).length > 0) return "";
  const services = [...target.processes()].filter(([name]) => /-\d+$/.test(name)).map(([, pid]) => pid);
  const connections = Math.max(...services.map(connectionsOf));
  hold(connections < CONNECTIONS / 10, `a service has ${connections} connections`);
  const memory = Math.max(...services.map(ownMemory));
  return `; at most ${connections} connections and ${memory.toFixed(0)} MiB in a service`;
}

export const flood: readonly Attack[] = [
  slow(`${CONNECTIONS} slow heads keep nobody else from being served`, (index) => {
    const route = exposed[index % exposed.length];
    return `${route?.method ?? "GET"} ${route === undefined ? "/" : pathOf(route)} HTTP/1.1\r\nHost: localhost\r\nX-Slow: `;
  }),
  slow(`${CONNECTIONS} slow bodies keep nobody else from being served, and hold no service`, (index) => {
    const route = taking[index % taking.length];
    return `POST ${route === undefined ? "/" : pathOf(route)} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{`;
  }),
  {
    family: "flood",
    threat:
      "bodies over 64 KiB, whole, chunked or never sent, get 413 on every route but those of pages, and end nobody else's request",
    quick: true,
    async run(target) {
      const victims = await Victims.of(target);
      const body = JSON.stringify({ username: "x".repeat(70_000) });
      const json = "Content-Type: application/json\r\n";
      const chunks = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
      const requests = bounded.flatMap(({ method, path }) => [
        http1(method, path, `${json}Content-Length: ${body.length}\r\n`, body),
        http1(method, path, `${json}Transfer-Encoding: chunked\r\n`, chunks),
        http1(method, path, `${json}Content-Length: 1000000000\r\n`),
      ]);
      let done = false;
      const attack = async () => {
        let sent = 0;
        let refused = 0;
        while (!done) {
          const answers = await each(requests, (request) => target.raw(request), 8);
          // The answer may be lost where much is still on its way.
          const others = answers.find(({ status }) => ![0, 413].includes(status));
          hold(others === undefined, `a body too large gets ${others?.status ?? 0}`);
          sent += answers.length;
          refused += answers.filter(({ status }) => status === 413).length;
        }
        return `${refused} x 413 of ${sent}`;
      };
      const idle = await victims.ask(undefined, 4);
      const [figure, attacked] = await Promise.all([
        attack(),
        victims.ask(undefined, 8).finally(() => (done = true)),
      ]);
      return `${figure}; ${holdServed(idle, attacked)}`;
    },
  },
  resets(2_000, true),
  resets(20_000, false),
  {
    family: "flood",
    threat: "no header of a proxy chooses the bucket of the limit, on a route that everybody may ask",
    quick: true,
    needs: ["addresses", "limits"],
    async run(target) {
      const outcomes = await each(
        proxyHeaders,
        async (name) => {
          const client = target.client({ waitsWhenLimited: false });
          const answers = await Promise.all(
            Array.from({ length: 60 }, (_, index) =>
              client.get("/orders", { headers: { [name]: `10.0.${index}.1` } }),
            ),
          );
          const limited = answers.filter(({ status }) => status === 429).length;
          hold(limited >= 15, `with ${name} ${limited} of 60 at once are refused`);
          return limited;
        },
        2,
      );
      return `of 60 at once are refused with each header: ${outcomes.join(", ")}`;
    },
  },
];

/** Streams that are reset as soon as they are opened (CVE-2023-44487); the gateway may hang up. */
function resets(count: number, quick: boolean): Attack {
  const sessions = 10;
  return {
    family: "flood",
    threat: `${count} streams of HTTP/2 that are reset at once keep nobody else from being served`,
    quick,
    async run(target) {
      const victims = await Victims.of(target);
      const idle = await victims.ask(undefined, 4);
      const [opened, attacked] = await Promise.all([
        each(Array.from({ length: sessions }), () => resetStreams(target, count / sessions), 2),
        victims.ask(undefined, 8),
      ]);
      const total = opened.reduce((sum, one) => sum + one, 0);
      hold(total > 0, "no stream was opened");
      return `${total} streams; ${holdServed(idle, attacked)}`;
    },
  };
}

function resetStreams(target: Target, count: number): Promise<number> {
  return new Promise((resolve) => {
    const session = openSession(target);
    let opened = 0;
    session.on("close", () => resolve(opened));
    session.on("connect", () => {
      const some = () => {
        for (
          let turn = 0;
          turn < 100 && opened < count && !session.destroyed && !session.closed;
          turn++, opened++
        ) {
          const stream = session.request({ ":path": "/products" });
          stream.on("error", () => undefined);
          stream.close(8);
        }
        if (opened < count && !session.destroyed && !session.closed) setTimeout(some, 10);
        else setTimeout(() => session.destroy(), 200);
      };
      some();
    });
  });
}
