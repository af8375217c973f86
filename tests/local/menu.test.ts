import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { hasTmux, Screen } from "../support/screen.ts";

const PASSWORD = "correct horse battery staple";
/** The menu waits for a choice, and this one is under the cursor. */
const chooses = (choice: string) => new RegExp(`● ${choice}\\b[^●]*exit[^●]*$`);

let folder: string;
let screen: Screen | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gatehouse-menu-"));
});
afterEach(async () => {
  await screen?.close();
  screen = undefined;
  rmSync(folder, { recursive: true });
});

/** The client's menu on the platform of the tests, in a terminal. */
async function openMenu(environment: Record<string, string> = {}): Promise<Screen> {
  const outputs = join(folder, "outputs.json");
  writeFileSync(outputs, JSON.stringify(inject("outputs")));
  const command = [process.execPath, "client/main.ts", "--outputs", outputs];
  screen = await Screen.open(join(folder, "tmux"), command, { XDG_STATE_HOME: folder, ...environment });
  return screen;
}

describe("the menu in a terminal", () => {
  it("takes a user from registration to a purchase and out again", { timeout: 240_000 }, async ({ skip }) => {
    skip(!hasTmux, "tmux is not installed");
    const username = `user-${randomBytes(6).toString("hex")}`;
    const menu = await openMenu();
    await menu.shows(chooses("registration"));
    await menu.press("Enter");
    await answer(menu, [
      [/Username\s+│ +\S*\s*└/, username],
      [/Password\s+│ +\S*\s*└/, PASSWORD],
      [/The same password again\s+│ +\S*\s*└/, PASSWORD],
    ]);
    await menu.shows(new RegExp(`Registered ${username}\\.`));

    await choose(menu, "login");
    await answer(menu, [
      [/Username\s+│ +\S*\s*└\s*$/, username],
      [/Password\s+│ +\S*\s*└\s*$/, PASSWORD],
    ]);
    await menu.shows(new RegExp(`Signed in as ${username}\\.`));
    await choose(menu, "whoami");
    await menu.shows(new RegExp(`│ {2}${username}\\s`));
    await choose(menu, "products");
    await menu.shows(/ID +NAME +PRICE +STOCK +DESCRIPTION[\s\S]*milk-jug/);

    await choose(menu, "buy_products");
    await menu.shows(/Which product\?\s+│ +● .*left\)/);
    await menu.press("Enter");
    await answer(menu, [[/How many\?\s+│ +1/, ""]]);
    await menu.shows(/Bought 1 x \S+ for \d+\.\d\d EUR: order [0-9a-f-]{36}\./);
    await choose(menu, "orders");
    await menu.shows(/ORDERED +PRODUCT +QUANTITY +UNIT PRICE +TOTAL +ORDER\s+│ +\d{4}-/);

    await choose(menu, "logout");
    await menu.shows(/Signed out\./);
    await choose(menu, "admin");
    await menu.shows(/You are not signed in\.\s+│ +Sign in with `login`\./);
    await menu.shows(chooses("admin"));
    await menu.press("Escape");
    await menu.shows(/Goodbye\.\s+ended with 0/);

    expect(await menu.text()).not.toContain(PASSWORD);
    expect(await menu.text({ styles: true })).toMatch(COLOUR);
  });

  it("has no colours where NO_COLOR is set", { timeout: 90_000 }, async ({ skip }) => {
    skip(!hasTmux, "tmux is not installed");
    const menu = await openMenu({ NO_COLOR: "1" });
    await menu.shows(chooses("registration"));

    expect(await menu.text({ styles: true })).not.toMatch(COLOUR);
    await menu.press("C-c");
    await menu.shows(/ended with 0/);
  });
});

const COLOUR = /\u001b\[(\d+;)*3\d/;

/** Goes down from the last choice to another one, once the menu is back. */
async function choose(menu: Screen, choice: string): Promise<void> {
  await menu.shows(/● (?!exit)[^●]*exit[^●]*$/);
  await menu.press("Down");
  await menu.shows(chooses(choice));
  await menu.press("Enter");
}

async function answer(menu: Screen, questions: readonly (readonly [RegExp, string])[]): Promise<void> {
  for (const [question, text] of questions) {
    await menu.shows(question);
    await menu.type(text);
  }
}
