import { catalog } from "../services/catalog.ts";
import type { Result } from "./actions.ts";
import * as actions from "./actions.ts";
import type { Api, Credentials } from "./api.ts";
import { Cancelled, ClientError, UsageError } from "./errors.ts";
import { price, printable } from "./format.ts";
import type { Prompts } from "./prompts.ts";
import { parseQuantity, QUANTITY_RULE } from "./quantity.ts";

const choices = [
  { value: "registration", hint: "create a user" },
  { value: "login", hint: "sign in" },
  { value: "whoami", hint: "who is signed in" },
  { value: "products", hint: "all products" },
  { value: "buy_products", hint: "choose one and buy it" },
  { value: "orders", hint: "your orders" },
  { value: "logout", hint: "end the session" },
  { value: "admin", hint: "products that only administrators see" },
  { value: "fail", hint: "break a service on purpose" },
  { value: "exit" },
] as const;

type Choice = (typeof choices)[number]["value"];

/** The menu: one choice after the other, until the user leaves. A refusal is told and the menu goes on. */
export async function runMenu(api: Api, prompts: Prompts, url: string): Promise<void> {
  prompts.open(`Gatehouse at ${url}`);
  let last: Choice | undefined;
  for (;;) {
    last = await choose(prompts, last);
    if (last === "exit") break;
    try {
      const result = await carryOut(last, api, prompts);
      prompts.tell(result.text(prompts.width));
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      if (!(error instanceof Cancelled)) prompts.complain(error.text);
    }
  }
  prompts.close("Goodbye.");
}

/** Leaving the menu itself is the choice to exit. */
async function choose(prompts: Prompts, last: Choice | undefined): Promise<Choice> {
  try {
    return await prompts.select("What would you like to do?", choices, last);
  } catch (error) {
    if (error instanceof Cancelled) return "exit";
    throw error;
  }
}

async function carryOut(choice: Exclude<Choice, "exit">, api: Api, prompts: Prompts): Promise<Result> {
  switch (choice) {
    case "registration":
      return actions.registration(api, await askCredentials(prompts, { twice: true }));
    case "login":
      return actions.login(api, await askCredentials(prompts, { twice: false }));
    case "buy_products":
      return buy(api, prompts);
    case "fail":
      return actions.fail(api, await askService(prompts));
    default:
      return actions[choice](api);
  }
}

async function askCredentials(prompts: Prompts, { twice }: { twice: boolean }): Promise<Credentials> {
  const username = await prompts.text("Username");
  const password = await prompts.secret("Password");
  if (twice && (await prompts.secret("The same password again")) !== password) {
    throw new UsageError("The passwords differ.");
  }
  return { username, password };
}

async function buy(api: Api, prompts: Prompts): Promise<Result> {
  const products = await api.products();
  const product = await prompts.select(
    "Which product?",
    products.map(({ id, name, price: amount, currency, stock }) => ({
      value: id,
      label: `${printable(name)}, ${price(amount, currency)}`,
      hint: `${stock} left`,
    })),
  );
  const quantity = await prompts.text("How many?", {
    initial: "1",
    check: (text) => (parseQuantity(text) === undefined ? QUANTITY_RULE : undefined),
  });
  return actions.buy(api, product, parseQuantity(quantity) ?? 1);
}

function askService(prompts: Prompts): Promise<string> {
  return prompts.select(
    "Which service?",
    Object.keys(catalog).map((value) => ({ value })),
  );
}
