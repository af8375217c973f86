import { execFileSync, spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { createProgram } from "./commands.ts";
import type { Shell } from "./completion.ts";
import { SHELLS } from "./completion.ts";
import type { Terminal } from "./terminal.ts";

/** What the client prints for a shell. */
async function script(shell: string): Promise<string> {
  let told = "";
  const terminal: Terminal = {
    interactive: false,
    width: undefined,
    out: (text) => void (told += text),
    error: (text) => void (told += text),
    askSecret: () => Promise.reject(new Error("there is no terminal")),
  };
  await createProgram(terminal).parseAsync(["completion", shell], { from: "user" });
  return told;
}

/** What asks each shell itself for the words that may stand last in `words`; one a line. */
const ask: Readonly<Record<Shell, (words: readonly string[]) => string>> = {
  bash: (words) => `
    COMP_WORDS=(${list(words)}); COMP_CWORD=${words.length - 1}
    _gatehouse; printf '%s\\n' "\${COMPREPLY[@]}"`,
  // Without a line editor: what the completion hands to it, reduced to what begins as the word does.
  zsh: (words) => `
    words=(${list(words)}); CURRENT=${words.length}
    _gatehouse | grep -e "^${words.at(-1) ?? ""}"`,
  fish: (words) => `complete -C '${words.join(" ")}' | cut -f 1`,
};
const before: Readonly<Record<Shell, string>> = {
  bash: "",
  zsh: 'compdef() { }; _files() { ls -p }; _describe() { print -l -- "${(@)${(@P)2}%%:*}" }\n',
  fish: "",
};

const list = (words: readonly string[]) => words.map((word) => `'${word}'`).join(" ");

describe.each(SHELLS)("in %s", (shell) => {
  it.for<readonly [string, string[], string[]]>([
    ["gatehouse ", ["registration", "login", "buy_products", "completion"], ["--quantity"]],
    ["gatehouse lo", ["login", "logout"], ["orders"]],
    ["gatehouse fail ", ["authentication", "orders"], ["login", "bash"]],
    ["gatehouse --outputs package.json fail pro", ["products"], ["orders", "login"]],
    ["gatehouse buy --q", ["--quantity"], ["login"]],
    ["gatehouse buy_products --q", ["--quantity"], ["login"]],
    ["gatehouse whoami --j", ["--json"], ["--quantity"]],
    ["gatehouse completion z", ["zsh"], ["orders"]],
    ["gatehouse --outputs packag", ["package.json"], ["login"]],
  ])('"%s" can become %o', async ([line, offered, others], { skip }) => {
    skip(spawnSync(shell, ["-c", "true"]).status !== 0, `${shell} is not installed`);
    const words = line.split(" ");
    const program = `${before[shell]}${await script(shell)}\n${ask[shell](words)}`;
    const found = execFileSync(shell, ["-c", program], { encoding: "utf8" }).trim().split("\n");

    expect(found).toEqual(expect.arrayContaining(offered));
    for (const other of others) expect(found).not.toContain(other);
  });
});
