import { networkInterfaces } from "node:os";
import { connect } from "node:net";
import type { Attack } from "./attack.ts";
import { each, hold, holdStatuses } from "./attack.ts";
import { listenersOf } from "./listeners.ts";
import { bearer, pathOf, routes } from "./target.ts";

/** What services and Traefik have and the gateway must not show; no route of the catalog. */
const inside = [
  "/",
  "/health",
  "/health/ready",
  "/metrics",
  "/validate",
  "/validate?role=admin",
  "/authentication/validate",
  "/authorization/validate",
  "/authentication/health",
  "/products/health",
  "/orders/health",
  "/authentication/metrics",
  "/orders/metrics",
  "/microservice/orders/add",
  "/microservice/",
  "/orders/microservice/orders/add",
  "/products/microservice/orders/add",
  "/api",
  "/api/rawdata",
  "/api/overview",
  "/api/version",
  "/api/http/routers",
  "/dashboard/",
  "/ping",
  "/ready/",
  "/debug/pprof/",
  "/debug/vars",
  "/_admin/v1/health",
  "/_status/vars",
  "/.well-known/jwks.json",
  "/server-status",
];
const hosts = ["authentication", "orders", "orders:8443", "localhost:26257", "traefik", "127.0.0.1"];
const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"];

/** Ports of the platform's own parts that no outside address may have: databases, pods, Traefik's and the kubelet's. */
const innerPorts = [5432, 26257, 8000, 9000, 9090, 9100, 10250, 6379];

export const reach: readonly Attack[] = [
  {
    family: "reach",
    threat: "what is inside is not found at the gateway by any method, even by a signed-in user",
    quick: true,
    async run(target) {
      const { client } = await target.signUp();
      const tried = [
        ...inside,
        ...routes.filter(({ access }) => access === "internal").map(({ path }) => path),
      ];
      const outcomes = await each(
        tried.flatMap((path) => methods.map((method) => ({ method, path }))),
        async ({ method, path }) => ({
          what: `${method} ${path}`,
          status: (await client.send(method, path)).status,
        }),
      );
      return holdStatuses(outcomes, [404]);
    },
  },
  {
    family: "reach",
    threat: "a route answers no method but its own, even to a signed-in user",
    quick: true,
    async run(target) {
      const { client } = await target.signUp();
      const paths = [...new Set(routes.map((route) => pathOf(route, "moka-pot")))];
      const tried = paths.flatMap((path) => {
        const own = routes
          .filter((route) => pathOf(route, "moka-pot") === path)
          .map(({ method }) => method as string);
        const also = own.includes("GET") ? ["HEAD"] : [];
        return methods
          .filter((method) => ![...own, ...also].includes(method))
          .map((method) => ({ method, path }));
      });
      const outcomes = await each(tried, async ({ method, path }) => ({
        what: `${method} ${path}`,
        status: (await client.send(method, path)).status,
      }));
      return holdStatuses(outcomes, [404]);
    },
  },
  {
    family: "reach",
    threat:
      "the name of a service, or of another part, as Host opens nothing of it, even to a signed-in user",
    quick: true,
    async run(target) {
      const token = bearer(await target.signUp());
      const tried = hosts.flatMap((host) => inside.map((path) => ({ host, path })));
      const outcomes = await each(tried, async ({ host, path }) => {
        const request = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${token}Connection: close\r\n\r\n`;
        return { what: `${host}${path}`, status: (await target.raw(request)).status };
      });
      return holdStatuses(outcomes, [404]);
    },
  },
  {
    family: "reach",
    threat: "every process of the platform listens on loopback alone",
    quick: true,
    needs: ["state"],
    run(target) {
      const listeners = [...target.processes()].flatMap(([name, pid]) =>
        listenersOf(pid).map(({ address, port }) => ({ name, address, port })),
      );
      hold(listeners.length >= target.processes().size, "not every process listens: nothing was seen");
      const open = listeners.filter(({ address }) => !address.startsWith("127."));
      const named = open.map(({ name, address, port }) => `${name} on ${address}:${port}`);
      hold(open.length === 0, `from outside there is ${named.join(", ")}`);
      return Promise.resolve(`${listeners.length} listeners of ${target.processes().size} processes`);
    },
  },
  {
    family: "reach",
    threat: "no process's port answers at an outside address of this machine",
    quick: true,
    needs: ["state"],
    run(target) {
      const ports = [...target.processes().values()].flatMap(listenersOf).map(({ port }) => port);
      return holdClosed(outsideAddresses(), ports);
    },
  },
  {
    family: "reach",
    threat: "no port but the gateway's own answers at the gateway's host",
    quick: true,
    needs: ["host"],
    run({ outputs: { gatewayUrl, gatewayHttpUrl } }) {
      const own = [gatewayUrl, gatewayHttpUrl].map((url) =>
        Number(new URL(url).port || (url.startsWith("https") ? 443 : 80)),
      );
      return holdClosed(
        [new URL(gatewayUrl).hostname],
        innerPorts.filter((port) => !own.includes(port)),
      );
    },
  },
];

async function holdClosed(hosts: readonly string[], ports: readonly number[]): Promise<string> {
  const tried = hosts.flatMap((host) => ports.map((port) => ({ host, port })));
  const open = (await each(tried, async (one) => ((await accepts(one)) ? [one] : []))).flat();
  hold(open.length === 0, `open: ${open.map(({ host, port }) => `${host}:${port}`).join(", ")}`);
  return `${tried.length} ports of ${hosts.length} addresses are closed`;
}

/** The addresses at which others reach this machine. */
function outsideAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.filter(({ internal, family }) => !internal && family === "IPv4").map(({ address }) => address);
}

function accepts({ host, port }: { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2_000 });
    const end = (open: boolean) => () => {
      socket.destroy();
      resolve(open);
    };
    socket.on("connect", end(true)).on("error", end(false)).on("timeout", end(false));
  });
}
