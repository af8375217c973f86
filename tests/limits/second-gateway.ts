import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SECURE_ENTRY_POINT } from "../../gateway/entrypoints.ts";
import { freePorts, HOST } from "../../local/ports.ts";
import { findTraefik } from "../../local/traefik.ts";

interface StaticConfiguration {
  accessLog: { filePath: string };
  entryPoints: Record<string, { address: string }>;
}

/** One more Traefik in front of a local platform, with the same routes. */
export interface SecondGateway {
  readonly url: string;
  kill(): Promise<void>;
  start(): void;
}

export async function startSecondGateway(state: string): Promise<SecondGateway> {
  const traefik = await findTraefik();
  const read = readFileSync(join(state, "traefik/static.yml"), "utf8");
  const configuration = JSON.parse(read) as StaticConfiguration;
  configuration.accessLog.filePath = join(state, "logs/access-2.log");
  const entryPoints = Object.values(configuration.entryPoints);
  const ports = await freePorts(entryPoints.length);
  for (const [index, entryPoint] of entryPoints.entries())
    entryPoint.address = `${HOST}:${ports[index] ?? 0}`;
  const { address } = configuration.entryPoints[SECURE_ENTRY_POINT] ?? { address: "" };
  const file = join(state, "traefik/static-2.yml");
  writeFileSync(file, JSON.stringify(configuration), { mode: 0o600 });

  let gateway: ChildProcess;
  const start = () => {
    gateway = spawn(traefik, [`--configFile=${file}`], { stdio: "ignore" });
  };
  start();
  return {
    url: `https://${address.replace(HOST, "localhost")}`,
    start,
    async kill() {
      const ended = once(gateway, "exit");
      gateway.kill("SIGKILL");
      await ended;
    },
  };
}
