/** @import { Chart, Machine, Stack } from "./check.js" */

const PREFIX = "gatehouse:";

/**
 * Reads what the stack's file says over the defaults of Pulumi.yaml.
 * @param {Machine} machine
 * @param {string | undefined} named the stack, where it is not the one that Pulumi has selected
 * @returns {Promise<Stack>}
 */
export async function readStack(machine, named) {
  const name = named ?? (await selected(machine));
  const nothing = { name, context: undefined, registry: "", push: false, charts: {} };
  // The only package that the doctor needs, and only here.
  const yaml = await import("yaml").catch(() => undefined);
  if (yaml === undefined) return { ...nothing, problem: "the packages are not installed" };
  const file = machine.read(`Pulumi.${name}.yaml`);
  if (file === undefined && named !== undefined)
    return { ...nothing, problem: `there is no Pulumi.${name}.yaml` };

  /** @type {{ config: Record<string, { default: unknown }> }} */
  const project = yaml.parse(machine.read("Pulumi.yaml") ?? "");
  /** @type {{ config?: Record<string, unknown> & { "kubernetes:context"?: string } } | null} */
  const own = yaml.parse(file ?? "");
  const config = own?.config ?? {};
  /** @param {string} key */
  const setting = (key) => config[PREFIX + key] ?? project.config[key]?.default;
  return {
    name,
    problem: undefined,
    context: config["kubernetes:context"],
    registry: String(setting("registry")),
    push: String(setting("push")) === "true",
    charts: /** @type {Record<string, Chart>} */ (setting("charts")),
  };
}

/** The stack that Pulumi would take, or the one of the README. @param {Machine} machine */
async function selected({ run }) {
  const ended = await run("pulumi", ["stack", "--show-name", "--non-interactive"]);
  return ended.exit === 0 && ended.output !== "" ? ended.output : "dev";
}
