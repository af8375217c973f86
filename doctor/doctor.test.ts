import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { Check, Machine, Stack } from "./check.js";
import { kubernetesChecks } from "./kubernetes-checks.js";
import { thisMachine } from "./machine.js";
import { examine, fails, report } from "./report.js";
import { readStack } from "./stack.js";
import { startChecks } from "./start-checks.js";
import { healthy, healthyStack, machineWith } from "./testing.ts";

const checks = [...startChecks, ...kubernetesChecks];
const examined = (machine: Machine, stack: Stack = healthyStack) => examine(checks, machine, stack);

/** What is told as missing, as `name: what -> mend`. */
async function missingOn(machine: Machine, stack?: Stack): Promise<string[]> {
  return (await examined(machine, stack)).flatMap(({ check, finding }) =>
    "missing" in finding ? [`${check.name}: ${finding.missing} -> ${finding.mend}`] : [],
  );
}

it("a machine that has everything lacks nothing", async () => {
  expect(await missingOn(machineWith({}))).toEqual([]);
});

describe("npm start is told to lack", () => {
  const late = { exit: "late", output: "", complaint: "" } as const;
  const absent = { exit: "absent", output: "", complaint: "" } as const;
  it.each([
    [{ node: "v18.20.0" }, "Node: Node v18.20.0 is older than 20 -> install Node 24"],
    [
      { programs: { "npm --version": { ...healthy, output: "9.1.0" } } },
      "npm: npm 9.1.0 is older than 10 -> npm install",
    ],
    [
      { files: { "node_modules/.package-lock.json": undefined } },
      "packages: node_modules is missing -> npm ci",
    ],
    [
      {
        files: {
          "node_modules/.package-lock.json": '{"packages": {"node_modules/hono": {"version": "3.0.0"}}}',
        },
      },
      "packages: 1 packages are not those of package-lock.json (node_modules/hono) -> npm ci",
    ],
    [{ programs: { esbuild: late } }, "esbuild: node_modules/.bin/esbuild did not answer in time -> npm ci"],
    [{ programs: { esbuild: absent } }, "esbuild: node_modules/.bin/esbuild is not there -> npm ci"],
    [
      { programs: { postgres: absent, "npm config": { ...healthy, output: "true" } } },
      "PostgreSQL: npm is told not to run install scripts, which put it there -> npm ci --ignore-scripts=false",
    ],
    [
      {
        programs: {
          "traefik version": absent,
          python3: { exit: 1, output: "", complaint: "No module named pip" },
        },
      },
      "pip cannot fetch it (No module named pip) -> install Python with pip",
    ],
    [{ taken: [8443] }, "port 8443: it is taken -> npm start -- --port 0"],
    [{ memory: 2 ** 30 }, "memory: 1.0 GiB of the 1.5 GiB that it takes -> npm start -- --replicas 1"],
    [{ disk: 2 ** 28 }, "disk: 0.3 GiB free of the 1.0 GiB that it takes -> npm start -- --state"],
  ])("%o", async (changes, told) => {
    const [only, ...others] = await missingOn(machineWith(changes));

    expect(only).toContain(told);
    expect(others).toEqual([]);
  });

  it("neither a server of its own, nor port 8080, nor Traefik where pip fetches it", async () => {
    const machine = machineWith({
      taken: [8080],
      env: { DATABASE_URL: "postgresql://db" },
      programs: { postgres: absent, "traefik version": absent },
    });

    expect(await missingOn(machine)).toEqual([]);
  });

  it("an older Traefik on PATH where nothing fetches the right one", async () => {
    const old = { ...healthy, output: "Version:      3.6.1\nCodename:     x" };
    const [told] = await missingOn(machineWith({ programs: { "traefik version": old, python3: absent } }));

    expect(told).toMatch(/^Traefik [\d.]+: not on PATH/);
  });
});

describe("pulumi up is told to lack", () => {
  const refused = (complaint: string) => ({ exit: 1, output: "", complaint });
  it.each([
    [
      { programs: { "node --version": { ...healthy, output: "v20.1.0" } } },
      {},
      /^Node for Pulumi: .* -> export PATH/,
    ],
    [
      { programs: { docker: refused("permission denied at docker.sock") } },
      {},
      /^Docker: .* -> sudo usermod/,
    ],
    [{ programs: { docker: refused("Cannot connect") } }, {}, /^Docker: Cannot connect -> start Docker/],
    [
      { processors: 2 },
      { context: "minikube" },
      /^minikube: 2 CPUs and 16.0 GiB.* -> use the smaller numbers/,
    ],
    [
      { programs: { "--raw /version": refused("refused") } },
      { context: "minikube" },
      /^cluster: minikube .* -> minikube start/,
    ],
    [
      { programs: { "--raw /version": refused("refused") } },
      { context: "shop" },
      /^cluster: shop .* -> .* pulumi config set --stack dev kubernetes:context NAME/,
    ],
    [
      { programs: { metrics: { ...healthy, output: "False" } } },
      {},
      /^metrics-server: it does not answer -> kubectl apply/,
    ],
    [
      { programs: { whoami: refused("not logged in") } },
      {},
      /^Pulumi's login: not logged in -> pulumi login --local/,
    ],
    [
      { programs: { "helm show": refused("no such host") } },
      { charts: { traefik: { chart: "traefik", repository: "https://charts.example", version: "41.4.0" } } },
      /^charts: traefik 41.4.0 of https:\/\/charts.example: no such host -> .*charts.traefik.chart .\/charts\/traefik/,
    ],
    [{ status: undefined }, {}, /^image registry: localhost:5000 does not answer -> docker run/],
    [
      { status: undefined },
      { registry: "r.example/x" },
      /^image registry: r.example does not answer -> see to the net/,
    ],
    [
      { status: 401 },
      { registry: "r.example/x" },
      /^image registry: r.example asks for a login.* -> docker login r.example/,
    ],
  ])("%o with %o", async (changes, settings, told) => {
    const [only, ...others] = await missingOn(machineWith(changes), { ...healthyStack, ...settings });

    expect(only).toMatch(told);
    expect(others).toEqual([]);
  });

  it("the Node of the shell, and not the one that npm puts before it", async () => {
    const asked: unknown[] = [];
    const machine = machineWith({
      env: { PATH: "/clone/node_modules/.bin:/npm/node-gyp-bin:/mine:/usr/bin" },
    });
    const run: Machine["run"] = (program, args, env) => {
      if (env !== undefined) asked.push([program, env]);
      return machine.run(program, args);
    };
    await examined({ ...machine, run });

    expect(asked).toEqual([["node", { PATH: "/mine:/usr/bin" }]]);
  });

  it("no login to a registry that Docker has one for, and no registry where nothing is pushed", async () => {
    const files = { "/home/me/.docker/config.json": '{"auths": {"r.example": {}}}' };
    const stack = { ...healthyStack, registry: "r.example/x" };
    expect(await missingOn(machineWith({ status: 401, files }), stack)).toEqual([]);
    expect(await missingOn(machineWith({ status: undefined }), { ...stack, push: false })).toEqual([]);
  });
});

describe("the report", () => {
  const broken: Check = {
    name: "odd",
    group: "kubernetes",
    run: () => {
      throw new Error("surprise");
    },
  };

  it("goes on where a check fails, and only what was asked for decides", async () => {
    const all = await examine([broken, ...startChecks], machineWith({}), healthyStack);

    expect(report(all, false)).toMatch(/missing {2}odd .* surprise/);
    expect(report(all, false)).toMatch(/ok {7}port 8443 /);
    expect(fails(all, ["start"])).toBe(false);
    expect(fails(all, ["start", "kubernetes"])).toBe(true);
  });

  it("has colours only where they are wanted", async () => {
    const all = await examined(machineWith({}));

    expect(report(all, false)).not.toContain("\u001b");
    expect(report(all, true)).toContain("\u001b[32mok");
  });
});

describe("the stack's configuration", () => {
  const root = join(import.meta.dirname, "..");
  const machine = { ...thisMachine(root), run: machineWith({}).run };

  it("is the stack's file over the defaults of Pulumi.yaml", async () => {
    expect(await readStack(machine, undefined)).toMatchObject({
      name: "dev",
      context: "minikube",
      push: false,
    });
    expect(await readStack(machine, "cloud")).toMatchObject({
      context: "production",
      registry: "registry.example.com/gatehouse",
      push: true,
      charts: { traefik: { chart: "traefik" }, cockroachdb: { chart: "cockroachdb" } },
    });
  });

  it("is told to be missing where the stack has none", async () => {
    expect((await readStack(machine, "none")).problem).toBe("there is no Pulumi.none.yaml");
  });
});

describe("npm run doctor", () => {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-doctor-"));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("runs in a clone where nothing is installed yet, and says so in one line", async () => {
    for (const path of [
      "doctor",
      "local/traefik-version.js",
      "package.json",
      "package-lock.json",
      "Pulumi.yaml",
    ]) {
      cpSync(path, join(folder, path), { recursive: true });
    }
    const { code, stdout } = await run(join(folder, "doctor/main.js"));

    expect(stdout).toMatch(/^ {2}missing {2}packages +node_modules is missing\n +npm ci$/m);
    expect(stdout).toMatch(/^ {2}ok {7}Node +v/m);
    expect(code).toBe(1);
  });

  it("ends with 2 where it is asked for what there is not", async () => {
    expect(await run("doctor/main.js", "--surprise")).toMatchObject({ code: 2, stdout: "" });
  });
});

it("a real machine tells a taken port, an absent program and one that fails", async () => {
  const { isFree, run: start } = thisMachine(".");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  expect(await isFree((server.address() as AddressInfo).port)).toBe(false);
  expect(await start("no-such-program", [])).toMatchObject({ exit: "absent" });
  expect(await start(process.execPath, ["-e", "console.error('a\\nb'); process.exit(3)"])).toEqual({
    exit: 3,
    output: "",
    complaint: "b",
  });
  server.close();
});

function run(main: string, ...args: string[]): Promise<{ code: number; stdout: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], (error, stdout) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout });
    });
  });
}
