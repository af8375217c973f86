import type { Ended, Machine, Stack } from "./check.js";
import { GIB } from "./check.js";
import { TRAEFIK_VERSION } from "../local/traefik-version.js";

/** A program that did what it was asked to. */
export const healthy: Ended = { exit: 0, output: "24.1.0", complaint: "" };

const answers: Readonly<Record<string, Ended>> = {
  "traefik version": { ...healthy, output: `Version:      ${TRAEFIK_VERSION}\nCodename:     x` },
  "npm config": { ...healthy, output: "false" },
  "node --version": { ...healthy, output: "v24.1.0" },
  "stack --show-name": { ...healthy, output: "dev" },
  metrics: { ...healthy, output: "True" },
};

const LOCK = '{"packages": {"node_modules/hono": {"version": "4.0.0"}}}';

interface Changes {
  readonly node?: string;
  readonly env?: Record<string, string>;
  readonly processors?: number;
  readonly memory?: number;
  readonly disk?: number;
  readonly files?: Readonly<Record<string, string | undefined>>;
  /** How programs end whose command line contains the key. */
  readonly programs?: Readonly<Record<string, Ended>>;
  readonly taken?: readonly number[];
  /** What the registry answers; undefined where nothing does. */
  readonly status?: number | undefined;
}

/** A machine that has everything, but for the changes. */
export function machineWith(changes: Changes): Machine {
  const files = { "package-lock.json": LOCK, "node_modules/.package-lock.json": LOCK, ...changes.files };
  const programs = Object.entries({ ...answers, ...changes.programs }).reverse();
  return {
    env: { HOME: "/home/me", PATH: "/usr/bin", ...changes.env },
    system: "linux-x64",
    node: changes.node ?? "v24.1.0",
    processors: changes.processors ?? 8,
    memory: changes.memory ?? 16 * GIB,
    disk: changes.disk ?? 100 * GIB,
    read: (path) => (files as Record<string, string | undefined>)[path],
    run: (program, args) => {
      const line = [program, ...args].join(" ");
      return Promise.resolve(programs.find(([part]) => line.includes(part))?.[1] ?? healthy);
    },
    status: () => {
      const status = "status" in changes ? changes.status : 200;
      return status === undefined ? Promise.reject(new Error("ECONNREFUSED")) : Promise.resolve(status);
    },
    isFree: (port) => Promise.resolve(changes.taken?.includes(port) !== true),
  };
}

/** A stack whose cluster, charts and registry are where it says. */
export const healthyStack: Stack = {
  name: "dev",
  problem: undefined,
  context: undefined,
  registry: "localhost:5000",
  push: true,
  charts: { traefik: { chart: "./charts/traefik" } },
};
