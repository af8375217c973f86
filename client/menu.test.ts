import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Cancelled } from "./errors.ts";
import { runMenu } from "./menu.ts";
import type { Prompts } from "./prompts.ts";
import type { TestGateway } from "./testing/gateway.ts";
import { startGateway } from "./testing/gateway.ts";
import type { TestUser } from "./testing/user.ts";
import { createUser, PASSWORD } from "./testing/user.ts";

let gateway: TestGateway;
let client: TestUser;
beforeEach(async () => {
  gateway = await startGateway();
  client = await createUser({ gatewayUrl: gateway.url, gatewayCa: gateway.ca });
});
afterEach(async () => {
  await client.remove();
  await gateway.stop();
});

const LEAVE = Symbol("leave");
type Input = string | typeof LEAVE;

/** A user who answers every question in turn, and notes what is shown. */
function user(...inputs: Input[]) {
  const shown: string[] = [];
  const answer = (question: string): string => {
    const input = inputs.shift();
    if (input === undefined) throw new Error(`nothing to answer to: ${question}`);
    if (input === LEAVE) throw new Cancelled();
    return input;
  };
  const prompts: Prompts = {
    width: 77,
    open: (title) => void shown.push(title),
    close: (message) => void shown.push(message),
    select: async (message, choices) => {
      const input = await Promise.resolve(answer(message));
      const chosen = choices.find(({ value }) => value === input);
      if (chosen === undefined) throw new Error(`"${input}" is no choice of: ${message}`);
      if (chosen.label !== undefined) shown.push(`${chosen.label} (${chosen.hint ?? ""})`);
      return chosen.value;
    },
    text: async (message, { check } = {}) => {
      for (;;) {
        const input = await Promise.resolve(answer(message));
        const mistake = check?.(input);
        if (mistake === undefined) return input;
        shown.push(mistake);
      }
    },
    secret: (message) => Promise.resolve(answer(message)),
    tell: (text) => void shown.push(text),
    complain: (text) => void shown.push(`! ${text}`),
  };
  return { prompts, shown, left: inputs };
}

async function menu(...inputs: Input[]): Promise<string[]> {
  const { prompts, shown, left } = user(...inputs);
  await runMenu(client.api, prompts, gateway.url);
  expect(left).toEqual([]);
  expect(shown.splice(0, 1)).toEqual([`Gatehouse at ${gateway.url}`]);
  expect(shown.splice(-1)).toEqual(["Goodbye."]);
  return shown;
}

describe("the menu", () => {
  it("leads through the journey of a user", async () => {
    const shown = await menu(
      ...["registration", "alice", PASSWORD, PASSWORD],
      ...["login", "alice", PASSWORD],
      "whoami",
      "products",
      ...["buy_products", "cup", "0", "2"],
      "orders",
      "admin",
      ...["fail", "orders"],
      "logout",
      "exit",
    );
    expect(shown).toEqual([
      "Registered alice. Sign in with `login`.",
      "Signed in as alice.",
      "alice",
      expect.stringMatching(/^ID .*\ncup .*\ntea-pot .*\nscale /),
      "Cup, 12.50 EUR (5 left)",
      "It must be a number from 1 to 1000.",
      expect.stringMatching(/^Bought 2 x cup for 25\.00 EUR/),
      expect.stringMatching(/^ORDERED .*\n.* cup /),
      expect.stringMatching(/^! Sign in first: This needs a role that you do not have\./),
      expect.stringMatching(/^One replica of orders is broken now/),
      "Signed out.",
    ]);
  });

  it("goes on after a refusal, and after a question that the user left", async () => {
    const shown = await menu("whoami", "login", "alice", LEAVE, "login", LEAVE, LEAVE);
    expect(shown).toEqual(["! You are not signed in.\nSign in with `login`."]);
    expect(gateway.received).toEqual([]);
  });

  it("registers nobody whose passwords differ", async () => {
    expect(await menu("registration", "alice", PASSWORD, "another", "exit")).toEqual([
      "! The passwords differ.",
    ]);
    expect(gateway.received).toEqual([]);
  });
});
