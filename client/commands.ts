import { fileURLToPath } from "node:url";
import { Argument, Command, InvalidArgumentError } from "commander";
import { catalog } from "../services/catalog.ts";
import type { Result } from "./actions.ts";
import * as actions from "./actions.ts";
import type { Api } from "./api.ts";
import type { Shell } from "./completion.ts";
import { completionScript, SHELLS } from "./completion.ts";
import { UsageError } from "./errors.ts";
import { runMenu } from "./menu.ts";
import { readPassword } from "./password.ts";
import { withPlatform } from "./platform.ts";
import { clackPrompts } from "./prompts.ts";
import { parseQuantity, QUANTITY_RULE } from "./quantity.ts";
import type { Terminal } from "./terminal.ts";

interface Options {
  readonly outputs?: string;
  readonly json?: boolean;
}

const CLONE = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

/** The menu and every command of the client. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command("npm run client --")
    .description("The terminal client of Gatehouse: a menu, or one command for scripts.")
    .option(
      "--outputs <file>",
      "outputs of the platform (default: $GATEHOUSE_OUTPUTS, else .local/outputs.json)",
    )
    .option("--json", "print the answer as JSON")
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError("(--help shows the commands)")
    .allowExcessArguments()
    .exitOverride()
    .action(openMenu);

  program
    .command("registration <username>")
    .description("create a user")
    .action((username: string) =>
      run(async (api) => {
        const password = await readPassword(terminal, { twice: true });
        return actions.registration(api, { username, password });
      }),
    );
  program
    .command("login <username>")
    .description("sign in; the session is kept for the next commands")
    .action((username: string) =>
      run(async (api) => {
        const password = await readPassword(terminal, { twice: false });
        return actions.login(api, { username, password });
      }),
    );
  program
    .command("whoami")
    .description("who is signed in")
    .action(() => run(actions.whoami));
  program
    .command("products")
    .description("all products")
    .action(() => run(actions.products));
  program
    .command("buy_products <product>")
    .alias("buy")
    .description("buy a product")
    .option("--quantity <n>", "how many", quantityArgument, 1)
    .action((product: string, { quantity }: { quantity: number }) =>
      run((api) => actions.buy(api, product, quantity)),
    );
  program
    .command("orders")
    .description("your orders, the newest first")
    .action(() => run(actions.orders));
  program
    .command("logout")
    .description("end the session, everywhere")
    .action(() => run(actions.logout));
  program
    .command("admin")
    .description("products that only administrators see")
    .action(() => run(actions.admin));
  program
    .command("fail")
    .addArgument(new Argument("<service>", "the service to break").choices(Object.keys(catalog)))
    .description("break one replica of a service on purpose (a drill)")
    .action((service: string) => run((api) => actions.fail(api, service)));
  program
    .command("completion")
    .addArgument(new Argument("<shell>", "the shell that it is for").choices(SHELLS))
    .description("print a script that completes commands in a shell; its first line says how to use it")
    .action((shell: Shell) => terminal.out(completionScript(shell, program, CLONE)));
  for (const command of program.commands) command.allowExcessArguments(false);

  return program;

  async function run(action: (api: Api) => Promise<Result>): Promise<void> {
    const { outputs, json = false } = program.opts<Options>();
    await withPlatform(outputs, async ({ api }) => {
      const result = await action(api);
      terminal.out(json ? JSON.stringify(result.answer, null, 2) : result.text(terminal.width));
    });
  }

  async function openMenu(): Promise<void> {
    const [unknown] = program.args;
    if (unknown !== undefined) program.error(`error: unknown command '${unknown}'`);
    if (!terminal.interactive || terminal.width === undefined) {
      throw new UsageError("The menu needs a terminal.", { hint: "--help shows the commands for scripts." });
    }
    const { outputs } = program.opts<Options>();
    await withPlatform(outputs, ({ api, url }) => runMenu(api, clackPrompts(), url));
  }
}

function quantityArgument(text: string): number {
  const quantity = parseQuantity(text);
  if (quantity === undefined) throw new InvalidArgumentError(QUANTITY_RULE);
  return quantity;
}
