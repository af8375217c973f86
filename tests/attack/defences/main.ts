import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { withOwnPlatform } from "../../support/any-platform.ts";
import { EditedGateway } from "../../support/edited-gateway.ts";
import type { Defence } from "./table.ts";
import { defences } from "./table.ts";

/**
 * `npm run attack:defences [-- TEXT...]`: takes the gateway's defences, or those whose names have one of the texts in
 * them, out of a platform of its own, one at a time, and runs the attacks that must notice. Prints a row for each, as
 * docs/attack.md has them. Exit code 1 where a loss shows that is said to be hidden, or does not that must.
 */
const { positionals: wanted } = parseArgs({ allowPositionals: true });
const chosen = defences.filter(
  ({ name }) => wanted.length === 0 || wanted.some((text) => name.includes(text)),
);

// A drill that is let through without its check would break replicas for all that come after it.
const flags = ["--limits", "on", "--drills", "off"];
process.exitCode = await withOwnPlatform(flags, async (outputs, state) => {
  const gateway = new EditedGateway(outputs, state);
  let wrong = 0;
  for (const defence of chosen) {
    await gateway.restart(defence.without);
    const broken = await attack(join(state, "outputs.json"), defence);
    console.log(`| ${defence.name} | ${described(defence, broken)} |`);
    if ((broken.length === 0) !== (defence.hidden !== undefined)) wrong += 1;
  }
  console.log(`${chosen.length} defences taken out, ${wrong} with another outcome than the table says`);
  return wrong === 0 ? 0 : 1;
});

/** `identity: 3 (the first one's figure)`, for each family. */
function described({ families, hidden }: Defence, broken: readonly Broken[]): string {
  if (broken.length === 0)
    return `nothing in \`${families.join("`, `")}\`${hidden === undefined ? "" : `: ${hidden}`}`;
  return families
    .flatMap((family) => {
      const [first, ...others] = broken.filter((one) => one.family === family);
      return first === undefined ? [] : [`\`${family}\`: ${others.length + 1} (${first.figure})`];
    })
    .join("; ");
}

interface Broken {
  readonly family: string;
  readonly figure: string;
}

/** Runs the attacks of a defence's families as the command does. @returns those that did not hold */
async function attack(outputs: string, { families, only }: Defence): Promise<Broken[]> {
  const cases = only === undefined ? ["--quick"] : ["--only", only];
  const args = ["tests/attack/main.ts", "--outputs", outputs, ...cases, ...families];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const [code] = (await once(child, "close")) as [number];
  if (code > 1) throw new Error(`the attacks did not run:\n${text}`);
  return [...text.matchAll(/^BROKEN +(\w+): .* \[(.*)\] \([\d.]+ s\)$/gm)].map(
    ([, family = "", figure = ""]) => ({ family, figure: figure.split("; ")[0] ?? "" }),
  );
}
