import { setTimeout as sleep } from "node:timers/promises";
import { catalog } from "../../services/catalog.ts";
import type { Route } from "../../services/shared/catalog.ts";
import { allRoutes } from "../../services/shared/catalog.ts";
import type { SignedIn } from "../support/client.ts";
import { isLoopback, loopbackAddress, signInAsAdmin, signUp, TestClient } from "../support/client.ts";
import type { TestOutputs } from "../support/outputs.ts";
import { pidOf, processesOf } from "../support/processes.ts";
import type { RawAnswer } from "../support/raw.ts";
import { sendRaw } from "../support/raw.ts";
import type { Need } from "./attack.ts";

/** How often a request that met the gateway's limit is sent again, where it cannot come from an address of its own. */
const LIMITED_TRIES = 5;

/** The platform under attack. */
export class Target {
  readonly outputs: TestOutputs;
  /** The state folder, where the platform is one of this machine. */
  readonly state: string | undefined;
  /** Whether every client can have an address of its own: on the way into a cluster all get that of a node. */
  readonly addresses: boolean;

  constructor(outputs: TestOutputs, state?: string) {
    this.outputs = outputs;
    this.state = state;
    this.addresses = state !== undefined && isLoopback(outputs.gatewayUrl) && process.platform === "linux";
  }

  /** What is missing of an attack's needs. */
  lacks(needs: readonly Need[] = []): Need[] {
    const has = {
      state: this.state !== undefined && process.platform === "linux",
      addresses: this.addresses,
      host: !isLoopback(this.outputs.gatewayUrl),
      limits: this.outputs.limits === "on",
    };
    return needs.filter((need) => !has[need]);
  }

  client(options: { waitsWhenLimited?: boolean } = {}): TestClient {
    return new TestClient({ ...options, outputs: this.outputs });
  }

  signUp(): Promise<SignedIn> {
    return signUp(this.outputs);
  }

  admin(): Promise<TestClient> {
    return signInAsAdmin(this.outputs);
  }

  /** Sends bytes on a connection of their own, from an address of their own where that can be. */
  async raw(request: string, { timeout = 10_000 } = {}): Promise<RawAnswer> {
    const { gatewayUrl, gatewayCa } = this.outputs;
    for (let tries = 1; ; tries++) {
      const address = this.addresses ? { localAddress: loopbackAddress() } : {};
      const answer = await sendRaw(gatewayUrl, gatewayCa, request, { timeout, ...address }).catch(
        () => ended,
      );
      if (answer.status !== 429 || this.addresses || tries === LIMITED_TRIES) return answer;
      await sleep(1000 * Number(/^retry-after: (\d+)/im.exec(answer.head)?.[1] ?? 1));
    }
  }

  /** The pid of a process of this machine's platform. */
  pid(name: string): number {
    return pidOf(name, this.state);
  }

  /** The processes of this machine's platform by name. */
  processes(): Map<string, number> {
    return processesOf(this.state);
  }
}

/** A connection that the gateway reset. */
const ended: RawAnswer = { status: 0, head: "", body: "" };

/** All routes that the catalog gives, those included that the gateway does not expose. */
export const routes = allRoutes(catalog, { drills: true });
export const exposed = routes.filter(({ access }) => access !== "internal");
export const isPublic = ({ access }: Route) => access === "public";
/** A drill breaks the replica that answers it: it is never asked with a token. */
export const isDrill = ({ service, path }: Route) => path === `/${service}/fail`;

/** Where drills are off their routes are not there: all other outcomes must be those of a route that is. */
export function ofPresent<O extends { route: Route; status: number }>(outcomes: readonly O[]): O[] {
  return outcomes.filter(({ route, status }) => !(isDrill(route) && status === 404));
}

/** A product that is sold, but that nobody has to pay for in stock here. */
export const NO_PRODUCT = "no-such-product";

/** A route's path with something in the place of its placeholders. */
export const pathOf = ({ path }: Route, value = NO_PRODUCT) => path.replaceAll(/\{\w+\}/g, value);

/** A request in HTTP/1.1 that ends its connection. */
export function http1(method: string, path: string, head = "", body = ""): string {
  const length = method === "GET" || /^(content-length|transfer-encoding)/im.test(head);
  return (
    `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${head}` +
    `${length ? "" : `Content-Length: ${body.length}\r\n`}Connection: close\r\n\r\n${body}`
  );
}

export function bearer({ client }: Pick<SignedIn, "client">): string {
  return `Authorization: Bearer ${client.cookies.get("jwt") ?? ""}\r\n`;
}
