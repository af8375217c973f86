/*
 * What a check is. The doctor is JavaScript, with its types in comments, and needs nothing but Node itself: it has to
 * run on a machine where nothing is installed yet.
 */

/**
 * What a check found: what is there, or what is missing and the command that mends it.
 * @typedef {{ readonly ok: string } | { readonly missing: string, readonly mend: string }} Finding
 */

/** `start` is what `npm start` needs, `kubernetes` what `pulumi up` needs. @typedef {"start" | "kubernetes"} Group */

/**
 * @typedef {object} Check
 * @property {string} name
 * @property {Group} group
 * @property {(machine: Machine, stack: Stack) => Finding | Promise<Finding>} run
 */

/**
 * How a program ended: its exit code, `absent` where there is no such program, `late` where it was stopped.
 * @typedef {object} Ended
 * @property {number | "absent" | "late"} exit
 * @property {string} output what it wrote to standard output, trimmed
 * @property {string} complaint the last line that it wrote to standard error
 */

/**
 * What checks may look at; tests give another one.
 * @typedef {object} Machine
 * @property {Readonly<Record<string, string | undefined>>} env
 * @property {string} system such as `linux-x64`
 * @property {string} node version of the Node that runs this
 * @property {number} processors
 * @property {number} memory bytes that programs may use here in all
 * @property {number} disk bytes that are free where the clone is
 * @property {(path: string) => string | undefined} read the text of a file, relative to the clone
 * @property {(program: string, args: readonly string[], env?: Record<string, string>) => Promise<Ended>} run
 * @property {(url: string) => Promise<number>} status HTTP status of a GET; rejects where no answer came
 * @property {(port: number) => Promise<boolean>} isFree whether a port of 127.0.0.1 can be listened on
 */

/**
 * What the stack's configuration says, as far as a check asks for it.
 * @typedef {object} Stack
 * @property {string} name
 * @property {string | undefined} problem why the configuration could not be read
 * @property {string | undefined} context the cluster in the kubeconfig; undefined is the current one
 * @property {string} registry
 * @property {boolean} push
 * @property {Readonly<Record<string, Chart>>} charts
 */

/** @typedef {{ readonly chart: string, readonly repository?: string, readonly version?: string }} Chart */

export const GIB = 2 ** 30;

/** @param {string} text @returns {Finding} */
export function ok(text) {
  return { ok: text };
}

/** @param {string} what @param {string} mend @returns {Finding} */
export function missing(what, mend) {
  return { missing: what, mend };
}

/** Why a program did not do what it was asked to. @param {string} program @param {Ended} ended */
export function why(program, { exit, complaint }) {
  if (exit === "absent") return `there is no ${program} on PATH`;
  if (exit === "late") return `${program} did not answer in time`;
  return complaint === "" ? `${program} ended with ${exit}` : complaint;
}

/** @param {number} bytes */
export function gib(bytes) {
  return `${(bytes / GIB).toFixed(1)} GiB`;
}
