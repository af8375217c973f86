import { execFile, spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { promisify } from "node:util";
import { eventually } from "./wait.ts";

const run = promisify(execFile);

/** Whether tmux is there, which plays the terminal. */
export const hasTmux = spawnSync("tmux", ["-V"]).status === 0;

/** A terminal that a program runs in, seen and typed into as a person does. */
export class Screen {
  readonly #socket: string;

  private constructor(socket: string) {
    this.#socket = socket;
  }

  /** @param socket path of a file that does not exist yet */
  static async open(
    socket: string,
    command: readonly string[],
    environment: Readonly<Record<string, string>>,
  ): Promise<Screen> {
    const screen = new Screen(socket);
    const variables = Object.entries(environment).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    // The shell behind the program keeps the screen when the program ends.
    const line = `${command.map(quote).join(" ")}; echo "ended with $?"; exec cat`;
    await screen.#tmux("-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "60", ...variables, line);
    return screen;
  }

  /** Presses keys by tmux's names for them: `Down`, `Enter`, `C-c`. */
  async press(...keys: string[]): Promise<void> {
    await this.#tmux("send-keys", ...keys);
  }

  /** Types a line. */
  async type(text: string): Promise<void> {
    await this.#tmux("send-keys", "-l", text);
    await this.press("Enter");
  }

  /** All that was shown, with what scrolled away. @param styles whether with the colours */
  async text({ styles = false } = {}): Promise<string> {
    return this.#tmux("capture-pane", "-p", "-J", "-S", "-", ...(styles ? ["-e"] : []));
  }

  /** Resolves when the screen shows what is looked for. @throws Error with the screen where it does not */
  async shows(wanted: RegExp): Promise<void> {
    const seen = async () => wanted.test(await this.text());
    await eventually(String(wanted), seen, 45_000).catch(async (cause: unknown) => {
      throw new Error(`the screen does not show ${String(wanted)}:\n${await this.text()}`, { cause });
    });
  }

  async close(): Promise<void> {
    await this.#tmux("kill-server").catch(() => undefined);
    rmSync(this.#socket, { force: true });
  }

  async #tmux(...args: string[]): Promise<string> {
    return (await run("tmux", ["-S", this.#socket, ...args])).stdout;
  }
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
