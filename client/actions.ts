import type { Api, Credentials } from "./api.ts";
import { RefusedError } from "./errors.ts";
import { orderTable, price, printable, productTable } from "./format.ts";

/** What a command has to say: to a program, and to a person. */
export interface Result {
  /** The platform's answer, for `--json`. */
  readonly answer: unknown;
  /** @param width columns of the terminal, where there is one */
  readonly text: (width?: number) => string;
}

/*
 * What the commands and the menu both do.
 */

export async function registration(api: Api, credentials: Credentials): Promise<Result> {
  const user = await api.registration(credentials);
  return told(user, `Registered ${user.username}. Sign in with \`login\`.`);
}

export async function login(api: Api, credentials: Credentials): Promise<Result> {
  const user = await api.login(credentials);
  return told(user, `Signed in as ${user.username}.`);
}

export async function whoami(api: Api): Promise<Result> {
  const user = await api.whoami();
  return told(user, user.username);
}

export async function products(api: Api): Promise<Result> {
  const items = await api.products();
  return { answer: { items, nextCursor: null }, text: (width) => productTable(items, width) };
}

export async function buy(api: Api, productId: string, quantity: number): Promise<Result> {
  const { order, delayed } = await api.buy(productId, quantity);
  const total = price(order.unitPrice * order.quantity, order.currency);
  const bought = `Bought ${order.quantity} x ${order.productId} for ${total}: order ${order.id}.`;
  return told(order, delayed ? `${bought}\nIt will be among your orders shortly.` : bought);
}

export async function orders(api: Api): Promise<Result> {
  const items = await api.orders();
  return { answer: { items, nextCursor: null }, text: (width) => orderTable(items, width) };
}

export async function logout(api: Api): Promise<Result> {
  await api.logout();
  return told(null, "Signed out.");
}

export async function admin(api: Api): Promise<Result> {
  const items = await api.admin().catch(explain([401, 403], "Sign in as an administrator to see this."));
  return { answer: { items, nextCursor: null }, text: (width) => productTable(items, width) };
}

export async function fail(api: Api, service: string): Promise<Result> {
  const answer = await api
    .fail(service)
    .catch(explain([404], "Drills may be off here: `npm start -- --drills on` switches them on."));
  return told(answer, `One replica of ${service} is broken now; its health checks will have it restarted.`);
}

function told(answer: unknown, text: string): Result {
  return { answer, text: () => printable(text) };
}

/** Adds what to do to a refusal with one of the statuses. */
function explain(statuses: readonly number[], hint: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof RefusedError) || !statuses.includes(error.status)) throw error;
    throw new RefusedError(error.status, error.message, { hint, cause: error });
  };
}
