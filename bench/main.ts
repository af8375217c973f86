import { delimiter } from "node:path";
import { compare } from "./compare.ts";
import { parseOptions } from "./options.ts";

/**
 * `npm run bench [-- subject...]`: measures all subjects side by side and writes the tables to `bench/results/`; with
 * --quick compares with what is kept there, and exits with 1 where a ratio fell.
 */
const options = parseOptions(process.argv.slice(2));
// Where `python3 -m venv bench/.venv` has put the peers that are on PyPI.
process.env["PATH"] = [new URL(".venv/bin", import.meta.url).pathname, process.env["PATH"]].join(delimiter);

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => stop.abort());
try {
  process.exitCode = await compare(options, stop.signal);
} catch (error) {
  console.error(stop.signal.aborted ? "stopped" : error);
  process.exitCode = 1;
}
