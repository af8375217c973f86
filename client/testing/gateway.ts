import { randomUUID } from "node:crypto";
import { Problem, unauthenticated } from "../../services/shared/problem.ts";
import type { Order, Product } from "../answers.ts";
import { makeCertificate } from "./certificate.ts";
import { Identity } from "./identity.ts";
import type { Handler, Received } from "./server.ts";
import { json, startServer } from "./server.ts";

/** A gateway with the platform's API behind it, in this process, to see what the client sends. */
export interface TestGateway {
  readonly url: string;
  readonly ca: string;
  readonly identity: Identity;
  readonly orders: readonly Order[];
  readonly received: Received[];
  /** Answers the next request of a route, `GET /products`, in another way; more than once: one after the other. */
  next(route: string, handler: Handler): void;
  stop(): Promise<void>;
}

export const products: readonly Product[] = [
  { id: "cup", name: "Cup", description: "Porcelain.", price: 1250, currency: "EUR", stock: 5 },
  { id: "tea-pot", name: "Tea pot", description: "Cast iron.", price: 5400, currency: "JPY", stock: 2 },
  { id: "scale", name: "Scale \u001b[31m", description: "Weighs.", price: 5, currency: "EUR", stock: 0 },
];

const PAGE = 2;

export async function startGateway(): Promise<TestGateway> {
  const certificate = await makeCertificate();
  const identity = new Identity();
  const received: Received[] = [];
  const orders: Order[] = [];
  const ordersByKey = new Map<string, Order>();
  const others = new Map<string, Handler[]>();
  const server = await startServer(certificate, (request) => {
    received.push(request);
    const other = others.get(`${request.method} ${request.path}`)?.shift();
    return other === undefined ? route(request) : other(request);
  });
  return {
    url: server.url,
    ca: certificate.ca,
    identity,
    orders,
    received,
    next: (key, handler) => others.set(key, [...(others.get(key) ?? []), handler]),
    stop: () => server.stop(),
  };

  function route(request: Received): Response {
    switch (`${request.method} ${request.path}`) {
      case "POST /authentication/registration":
        return identity.register(request);
      case "POST /authentication/login":
        return identity.login(request);
      case "POST /authentication/refresh":
        return identity.refresh(request);
      case "POST /authentication/logout":
        return identity.logout(request);
    }
    const username = identity.userOf(request);
    const buying = /^\/products\/([^/]+)\/buy$/.exec(request.path)?.[1];
    if (buying !== undefined) return json(buy(buying, request), 201);
    switch (request.path) {
      case "/authentication/whoami":
        return json({ id: randomUUID(), username });
      case "/products":
        return page(products, request);
      case "/products/admin":
        if (username !== "admin") throw unauthenticated("This needs a role that you do not have.");
        return page([{ ...product("cup"), id: "golden-cup" }], request);
      case "/orders":
        return page(orders, request);
      case "/orders/fail":
        return json({ status: "broken" });
      default:
        return new Response("404 page not found\n", {
          status: 404,
          headers: { "content-type": "text/plain" },
        });
    }
  }

  function buy(id: string, { headers, body }: Received): Order {
    const key = String(headers["idempotency-key"]);
    const earlier = ordersByKey.get(key);
    if (earlier !== undefined) return earlier;
    const { quantity } = body as { quantity: number };
    const { price: unitPrice, currency, stock } = product(id);
    if (quantity > stock) throw new Problem("sold_out", { detail: `${stock} left.` });
    const createdAt = new Date().toISOString();
    const order = { id: randomUUID(), productId: id, quantity, unitPrice, currency, createdAt };
    ordersByKey.set(key, order);
    orders.unshift(order);
    return order;
  }
}

function product(id: string): Product {
  const found = products.find((candidate) => candidate.id === id);
  if (found === undefined) throw new Problem("not_found", { detail: "There is no such product." });
  return found;
}

/** Pages of two, whatever the limit, so that every list has to be followed. */
function page(items: readonly unknown[], { query }: Received): Response {
  const from = Number(query.get("cursor") ?? 0);
  const next = from + PAGE;
  return json({ items: items.slice(from, next), nextCursor: next < items.length ? String(next) : null });
}
