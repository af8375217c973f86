import { delimiter } from "node:path";
import { compare } from "./compare.ts";
import { parseOptions } from "./options.ts";
import { runParts } from "./parts/run.ts";
import { findRegressions } from "./regression/regression.ts";

/**
 * `npm run bench [-- name...]`: measures all subjects side by side, and then the platform by itself, part by part, and
 * writes what it found to `bench/results/`; with --quick measures this tree beside an earlier commit, and exits with 1
 * where it got much slower.
 */
const options = parseOptions(process.argv.slice(2));
// Where `python3 -m venv bench/.venv` has put the peers that are on PyPI.
process.env["PATH"] = [new URL(".venv/bin", import.meta.url).pathname, process.env["PATH"]].join(delimiter);

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => stop.abort());
try {
  if (options.quick) process.exitCode = await findRegressions(options.against, stop.signal);
  else {
    if (options.subjects.length > 0) await compare(options, stop.signal);
    await runParts(options.parts, stop.signal);
  }
} catch (error) {
  console.error(stop.signal.aborted ? "stopped" : error);
  process.exitCode = 1;
}
