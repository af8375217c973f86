import { copyFile, mkdir, readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { lastWords, run } from "./run.ts";

/** Where the judges' programs are installed, each on first use. */
const TOOLS = resolve(".local", "tools");

/** A judge cannot sit, because its program is not here and cannot be had. */
export class MissingTool extends Error {
  override readonly name = "MissingTool";
}

/**
 * A program from PyPI in an environment of its own, at the versions of `tools/<name>.txt`; it is made anew when that
 * file changes.
 */
export async function pythonTool(name: string): Promise<string> {
  const requirements = join(import.meta.dirname, "tools", `${name}.txt`);
  const folder = join(TOOLS, name);
  const installed = join(folder, "installed.txt");
  const wanted = await readFile(requirements, "utf8");
  if ((await readFile(installed, "utf8").catch(() => "")) !== wanted) {
    await rm(folder, { recursive: true, force: true });
    await install(name, "Python 3 with venv and pip", "python3", ["-m", "venv", folder]);
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    await install(name, "a way to PyPI", join(folder, "bin", "python"), [...pip, requirements]);
    await copyFile(requirements, installed);
  }
  return join(folder, "bin", name);
}

/** A Go program at a version, such as `example.com/tool/cmd/tool@v1.2.3`. */
export async function goTool(module: string): Promise<string> {
  const [path = "", version = ""] = module.split("@");
  const name = path.split("/").at(-1) ?? "";
  const folder = join(TOOLS, `${name}-${version}`);
  await mkdir(folder, { recursive: true });
  await go(name, ["install", module], { GOBIN: folder });
  return join(folder, name);
}

/** A Go program of this repository, with the versions of its go.mod. */
export async function ownGoTool(name: string): Promise<string> {
  const program = join(TOOLS, name);
  await mkdir(TOOLS, { recursive: true });
  await go(name, ["build", "-o", program, "."], {}, join(import.meta.dirname, name));
  return program;
}

/** Go keeps what it has built, so that the second time costs a moment. */
function go(name: string, args: string[], env: Record<string, string>, cwd?: string): Promise<void> {
  return install(name, "Go 1.26 or newer and a way to its module proxy", "go", args, env, cwd);
}

async function install(
  name: string,
  needed: string,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd?: string,
): Promise<void> {
  const done = await run(program, args, { env, ...(cwd === undefined ? {} : { cwd }) }).catch(
    (error: unknown) => ({ code: null, output: "", errors: (error as Error).message }),
  );
  if (done.code === 0) return;
  const command = `${program} ${args.join(" ")}`;
  throw new MissingTool(`${name} needs ${needed}. \`${command}\` said:\n${lastWords(done)}`);
}
