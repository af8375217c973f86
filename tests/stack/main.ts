import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { catalog } from "../../services/catalog.ts";
import { outputsSchema } from "../support/outputs.ts";
import { Cluster } from "./cluster.ts";
import { drills, longDrills } from "./drills/all.ts";
import type { DrillContext } from "./drills/drill.ts";
import { calm, stackOutputsSchema } from "./drills/drill.ts";
import { expectNoSecret } from "./drills/secrets.ts";
import { run } from "./process.ts";
import { TestStack } from "./pulumi.ts";

/**
 * `npm run test:stack [drill...]`: deploys a stack of its own to the cluster of KUBECONFIG, runs the suite of the
 * gateway and the drills against it, and destroys it, also when something failed.
 *
 * GATEHOUSE_REGISTRY names a registry that the nodes pull from; without it, the Docker daemon must be the cluster's
 * own. GATEHOUSE_CHARTS names a folder with the charts, where the cluster has no way to the public ones.
 */
const chosen = process.argv.slice(2);
const known = ["suite", ...Object.keys(drills), ...Object.keys(longDrills)];
const unknown = chosen.filter((name) => !known.includes(name));
if (unknown.length > 0) throw new Error(`no drill ${unknown.join(", ")}: there is ${known.join(", ")}`);

const problems: string[] = [];
const start = Date.now();
const stack = await TestStack.create(`test-${start.toString(36)}`, "ci");
try {
  await configure();
  await deploy();
  await runDrills();
} catch (error) {
  keep(error);
} finally {
  await step("destroy", destroy);
}
say(problems.length === 0 ? "all of it holds" : `${problems.length} failed:\n${problems.join("\n")}`);
process.exitCode = problems.length === 0 ? 0 : 1;

async function configure(): Promise<void> {
  const { GATEHOUSE_REGISTRY: registry, GATEHOUSE_CHARTS: charts } = process.env;
  await stack.set("registry", registry ?? "gatehouse.local");
  await stack.set("push", String(registry !== undefined));
  // No drill but that of scaling counts on a third pod, which the load of the others would call on a fast machine.
  await stack.set("maxPods", "2");
  const local = charts === undefined ? [] : await readdir(charts);
  for (const chart of ["traefik", "cockroachdb", "prometheus", "grafana"].filter((name) =>
    local.includes(name),
  ))
    await stack.set(`charts.${chart}.chart`, join(charts ?? "", chart));
}

async function deploy(): Promise<void> {
  await step("preview before anything is there", async () => {
    return /\d+ to create/.exec(await stack.preview())?.[0] ?? "";
  });
  await step("up on an empty cluster", () => stack.up());
  await step("a second up changes nothing", () => stack.up("--expect-no-changes"));
  await step("refresh shows no drift", () => stack.refresh("--expect-no-changes"));
  await step("no secret in the state", async () => {
    const { adminPassword } = outputsSchema.parse(await stack.outputs());
    expectNoSecret("the state", await stack.state(), adminPassword);
  });
}

async function runDrills(): Promise<void> {
  const readOutputs = async () => stackOutputsSchema.parse(await stack.outputs());
  const outputs = await readOutputs();
  const context: DrillContext = {
    cluster: new Cluster(outputs.namespace),
    outputs,
    services: Object.keys(catalog),
    deploy: async (settings, ...options) => {
      for (const [key, value] of Object.entries(settings)) await stack.set(key, value);
      await stack.up(...options);
    },
    age: (days) => stack.age(days),
    suite: async () => runSuite(await stack.outputs()),
    program: async (script) => runProgram(script, await stack.outputs()),
    rotate: (kind) => stack.rotate(kind),
    readOutputs,
    say: (line) => say(`  ${line}`),
  };
  const wanted = (name: string) => chosen.length === 0 || chosen.includes(name);

  await step("two pods of everything", () => calm(context));
  if (wanted("suite")) await step("the suite of the gateway", () => context.suite()).catch(keep);
  const byName = Object.entries(longDrills).filter(([name]) => chosen.includes(name));
  for (const [name, drill] of [...Object.entries(drills).filter(([name]) => wanted(name)), ...byName]) {
    // A drill may leave another certificate authority behind, or another password.
    await step(`drill ${name}`, async () =>
      drill({ ...context, outputs: await context.readOutputs() }),
    ).catch(keep);
  }
}

/** The suite that the local platform passes too, against the outputs of this stack. */
async function runSuite(outputs: unknown): Promise<void> {
  await withFile("outputs.json", JSON.stringify(outputs), async (GATEHOUSE_OUTPUTS) => {
    await run("npm", ["run", "--silent", "test:gateway"], { env: { GATEHOUSE_OUTPUTS }, show: true });
  });
}

async function destroy(): Promise<string> {
  const namespace = `gatehouse-${stack.name}`;
  await stack.destroy();
  const left = await run("kubectl", ["get", "namespace", namespace, "--ignore-not-found", "-o", "name"]);
  if (left !== "") problems.push(`destroy left ${left}`);
  return "nothing left";
}

async function runProgram(script: string, outputs: unknown): Promise<void> {
  await withFile("outputs.json", JSON.stringify(outputs), async (file) => {
    await run("npm", ["run", "--silent", script, "--", "--outputs", file], { show: true });
  });
}

/** Uses a file that nobody else can read, and removes it. */
async function withFile<R>(name: string, content: string, use: (path: string) => Promise<R>): Promise<R> {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-"));
  try {
    const path = join(folder, name);
    await writeFile(path, content, { mode: 0o600 });
    return await use(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** One drill that fails does not keep the others from being run. */
function keep(error: unknown): void {
  const problem = error instanceof Error ? error.message : String(error);
  problems.push(problem);
  say(`FAILED ${problem}`);
}

async function step(name: string, action: () => Promise<unknown>): Promise<void> {
  const from = Date.now();
  const figure = await action();
  const seconds = ((Date.now() - from) / 1000).toFixed(0);
  say(`${name}: ${typeof figure === "string" ? figure : "done"} (${seconds} s)`);
}

function say(line: string): void {
  console.log(`[${((Date.now() - start) / 1000).toFixed(0).padStart(4)} s] ${line}`);
}
