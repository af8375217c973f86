import { spawn } from "node:child_process";
import { readFileSync, statfsSync } from "node:fs";
import { createServer } from "node:net";
import { availableParallelism, totalmem } from "node:os";
import { resolve } from "node:path";

/** @import { Ended, Machine } from "./check.js" */

/** How long a program or a server may take to answer. */
const PATIENCE_MS = 15_000;

/** The machine that this runs on. @param {string} root the clone @returns {Machine} */
export function thisMachine(root) {
  const { bavail, bsize } = statfsSync(root);
  return {
    env: process.env,
    system: `${process.platform}-${process.arch}`,
    node: process.version,
    processors: availableParallelism(),
    memory: Math.min(totalmem(), process.constrainedMemory() || Infinity),
    disk: bavail * bsize,
    read: (path) => readIfThere(resolve(root, path)),
    run: (program, args, env = {}) => run(program, args, { cwd: root, env: { ...process.env, ...env } }),
    status: async (url) => (await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) })).status,
    isFree,
  };
}

/** @param {string} path */
function readIfThere(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/**
 * @param {string} program @param {readonly string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv }} options
 * @returns {Promise<Ended>}
 */
function run(program, args, options) {
  return new Promise((settle) => {
    const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let errors = "";
    child.stdout.on("data", (chunk) => (output += String(chunk)));
    child.stderr.on("data", (chunk) => (errors += String(chunk)));
    /** @param {Ended["exit"]} exit */
    const end = (exit) => {
      clearTimeout(timer);
      settle({ exit, output: output.trim(), complaint: errors.trim().split("\n").at(-1) ?? "" });
    };
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      end("late");
    }, PATIENCE_MS);
    child.once("error", () => end("absent")).once("close", (code) => end(code ?? 1));
  });
}

/** @param {number} port @returns {Promise<boolean>} */
function isFree(port) {
  return new Promise((settle) => {
    const server = createServer();
    server
      .once("error", () => settle(false))
      .listen(port, "127.0.0.1", () => server.close(() => settle(true)));
  });
}
