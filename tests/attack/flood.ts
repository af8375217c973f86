import { catalog } from "../../services/catalog.ts";
import type { Catalog } from "../../services/shared/catalog.ts";
import type { Attack } from "./attack.ts";
import { each, hold } from "./attack.ts";
import { openSession } from "./http2.ts";
import { connectionsOf, ownMemory } from "./listeners.ts";
import { holdServed, Victims } from "./measure.ts";
import { room } from "./room.ts";
import { beginRequest, DRIP } from "./slow.ts";
import { proxyHeaders } from "./spellings.ts";
import type { Target } from "./target.ts";
import { exposed, http1, ofPresent, pathOf } from "./target.ts";

const CONNECTIONS = 1_000;
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
        (_, index) => beginRequest(target, begin(index)),
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
      const requests = bounded.flatMap((route) =>
        [
          http1(route.method, route.path, `${json}Content-Length: ${body.length}\r\n`, body),
          http1(route.method, route.path, `${json}Transfer-Encoding: chunked\r\n`, chunks),
          http1(route.method, route.path, `${json}Content-Length: 1000000000\r\n`),
        ].map((request) => ({ route, request })),
      );
      let done = false;
      const attack = async () => {
        let sent = 0;
        let refused = 0;
        while (!done) {
          const outcomes = await each(
            requests,
            async ({ route, request }) => ({ route, status: (await target.raw(request)).status }),
            8,
          );
          const answers = ofPresent(outcomes);
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
          // Few at once, so that it is not the bound on requests in flight that refuses.
          const answers = await each(Array.from({ length: 60 }), (_, index) =>
            client.get("/orders", { headers: { [name]: `10.0.${index}.1` } }),
          );
          const limited = answers.filter(({ status }) => status === 429).length;
          hold(limited >= 15, `with ${name} ${limited} of 60 in a row are refused`);
          return limited;
        },
        2,
      );
      return `of 60 in a row are refused with each header: ${outcomes.join(", ")}`;
    },
  },
  ...room,
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
