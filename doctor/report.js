/** @import { Check, Finding, Group, Machine, Stack } from "./check.js" */

/** @typedef {{ readonly check: Check, readonly finding: Finding }} Examined */

// util.styleText is not in every Node that this has to run on.
const [BOLD, RED, GREEN, CYAN] = /** @type {const} */ ([1, 31, 32, 36]);

/** @type {Readonly<Record<Group, string>>} */
const titles = { start: "What `npm start` needs", kubernetes: "What `pulumi up` needs" };

/**
 * Runs all checks at once. One that fails unexpectedly is told as missing, and the others go on.
 * @param {readonly Check[]} checks @param {Machine} machine @param {Stack} stack
 * @returns {Promise<readonly Examined[]>}
 */
export function examine(checks, machine, stack) {
  return Promise.all(
    checks.map(async (check) => ({ check, finding: await findingOf(check, machine, stack) })),
  );
}

/** @param {Check} check @param {Machine} machine @param {Stack} stack @returns {Promise<Finding>} */
async function findingOf(check, machine, stack) {
  try {
    return await check.run(machine, stack);
  } catch (error) {
    return {
      missing: `it cannot be told: ${String(error)}`,
      mend: "report this, it is a defect of the doctor",
    };
  }
}

/** @param {readonly Examined[]} examined @param {boolean} colours @returns {string} */
export function report(examined, colours) {
  const width = Math.max(...examined.map(({ check }) => check.name.length));
  const paint = colours ? painted : plain;
  const text = /** @type {const} */ (["start", "kubernetes"]).map((group) => {
    const lines = examined
      .filter(({ check }) => check.group === group)
      .map((each) => line(each, width, paint));
    return [paint(titles[group], BOLD), ...lines].join("\n");
  });
  return text.join("\n\n");
}

/** @typedef {(text: string, code: number) => string} Paint */

/** @type {Paint} */
const painted = (text, code) => `\u001b[${code}m${text}\u001b[0m`;
/** @type {Paint} */
const plain = (text) => text;

/** @param {Examined} examined @param {number} width @param {Paint} paint */
function line({ check, finding }, width, paint) {
  const name = check.name.padEnd(width);
  if ("ok" in finding) return `  ${paint("ok     ", GREEN)}  ${name}  ${finding.ok}`;
  const mend = `${" ".repeat(width + 13)}${paint(finding.mend, CYAN)}`;
  return `  ${paint("missing", RED)}  ${name}  ${finding.missing}\n${mend}`;
}

/**
 * Whether anything that decides is missing.
 * @param {readonly Examined[]} examined @param {readonly Group[]} deciding
 */
export function fails(examined, deciding) {
  return examined.some(({ check, finding }) => deciding.includes(check.group) && "missing" in finding);
}
