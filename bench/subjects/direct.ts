import { readFileSync } from "node:fs";
import { localNodeFlags, runtimeEnvironment } from "../../services/runtime.ts";
import type { Stage, Started } from "../stage.ts";
import type { Subject } from "../subject.ts";

/** A service that clients reach without a gateway. */
function direct(name: string, what: string): Subject {
  return {
    name,
    what,
    guarantee: "none",
    async start(stage) {
      const server = await startServer(stage, name, name);
      return { url: server.url, processes: [server.pid] };
    },
  };
}

export const node = direct("node", "bare node:https service");
export const hono = direct("hono", "the same in Hono");

export const service: Subject = {
  name: "service",
  what: "the same in a service of ours, asked with the gateway's client certificate",
  guarantee: "caller",
  async start(stage) {
    const server = await startServer(stage, "service", "service");
    const { cert, key } = stage.certificate("gateway");
    return {
      url: server.url,
      client: { cert: readFileSync(cert), key: readFileSync(key) },
      processes: [server.pid],
    };
  },
};

/** What all gateways stand in front of: the bare node:https service. */
export function startUpstream(stage: Stage, subject: string): Promise<Started> {
  return startServer(stage, "node", `${subject}-upstream`);
}

/**
 * Starts one of `bench/servers`, with Node's flags as services have them.
 * @param environment what it reads besides the port and its certificate
 */
export async function startServer(
  stage: Stage,
  server: string,
  name: string,
  environment: NodeJS.ProcessEnv = {},
): Promise<Started> {
  const port = await stage.freePort();
  const program = new URL(`../servers/${server}.ts`, import.meta.url).pathname;
  const { cert, key } = stage.certificate("products");
  return stage.start(name, port, [process.execPath, ...localNodeFlags, program], {
    ...runtimeEnvironment,
    HOST: "127.0.0.1",
    PORT: String(port),
    TLS_CA_FILE: stage.ca,
    TLS_CERT_FILE: cert,
    TLS_KEY_FILE: key,
    ...environment,
  });
}
