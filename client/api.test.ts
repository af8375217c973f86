import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Problem } from "../services/shared/problem.ts";
import * as actions from "./actions.ts";
import { makeCertificate } from "./testing/certificate.ts";
import type { TestGateway } from "./testing/gateway.ts";
import { startGateway } from "./testing/gateway.ts";
import { json, startServer } from "./testing/server.ts";
import type { TestUser } from "./testing/user.ts";
import { createUser, PASSWORD, toldBy } from "./testing/user.ts";

const BUY = "POST /products/cup/buy";

let gateway: TestGateway;
let user: TestUser;
beforeEach(async () => {
  gateway = await startGateway();
  user = await createUser({ gatewayUrl: gateway.url, gatewayCa: gateway.ca });
  await user.signIn();
});
afterEach(async () => {
  await user.remove();
  await gateway.stop();
});

describe("a purchase", () => {
  const keys = () =>
    gateway.received
      .filter(({ method, path }) => `${method} ${path}` === BUY)
      .map(({ headers }) => headers["idempotency-key"]);

  it.each([
    ["the connection breaks", () => "break" as const],
    ["the gateway answers 502", () => new Response("Bad Gateway", { status: 502 })],
    [
      "a service answers 503",
      () => new Problem("unavailable", { headers: { "retry-after": "0" } }).toResponse(),
    ],
    ["the gateway answers 504", () => new Response("Gateway Timeout", { status: 504 })],
  ])("is tried once more with the same key where %s", async (_, handler) => {
    gateway.next(BUY, handler);
    const { order } = await user.api.buy("cup", 2);
    expect(order).toEqual(gateway.orders[0]);
    expect(keys()).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), keys()[0]]);
    expect(gateway.orders).toHaveLength(1);
  });

  it("has another key the next time", async () => {
    await user.api.buy("cup", 1);
    await user.api.buy("cup", 1);
    expect(new Set(keys()).size).toBe(2);
    expect(gateway.orders).toHaveLength(2);
  });

  it("keeps its key when the session has to be renewed", async () => {
    gateway.identity.expireAccess();
    await user.api.buy("cup", 1);
    expect(keys()).toEqual([keys()[0], keys()[0]]);
  });

  it.each([
    ["no answer came twice", ["break", "break"], "broke off the connection"],
    ["no answer came, then the limiter refused", ["break", 429], "Too many requests (HTTP 429)."],
    ["the gateway failed twice", [502, 504], "The platform did not answer in time (HTTP 504)."],
  ] as const)("warns that it may have happened where %s", async (_, answers, message) => {
    for (const answer of answers)
      gateway.next(BUY, () => (answer === "break" ? answer : new Response("", { status: answer })));
    const told = await toldBy(user.api.buy("cup", 1));
    expect(told).toContain(message);
    expect(told).toContain("look at `orders` before you buy again");
    expect(keys()).toHaveLength(2);
  });

  it("that is refused is tried once, and told in the platform's words", async () => {
    expect(await toldBy(user.api.buy("cup", 6))).toBe("Not enough in stock: 5 left.");
    expect(await toldBy(user.api.buy("sofa", 1))).toBe("Not found: There is no such product.");
    gateway.next(BUY, () => new Response("", { status: 429 }));
    expect(await toldBy(user.api.buy("cup", 1))).not.toContain("may have been bought");
    expect(keys()).toHaveLength(2);
  });

  it("whose order is delayed says so", async () => {
    gateway.next(BUY, async (request) => {
      const { order } = await user.api.buy("cup", 1);
      return json({ ...order, quantity: (request.body as { quantity: number }).quantity }, 202);
    });
    const { text } = await actions.buy(user.api, "cup", 2);
    expect(text()).toMatch(
      /^Bought 2 x cup for 25\.00 EUR: order .*\nIt will be among your orders shortly\.$/,
    );
  });
});

describe("a refusal", () => {
  it("of a field names the field", async () => {
    expect(await toldBy(user.api.registration({ username: "bob", password: "short" }))).toBe(
      "The request is not of the documented form.\n  password: 8 to 128 characters",
    );
  });

  it("of a role is told as such, and the session stays", async () => {
    expect(await toldBy(actions.admin(user.api))).toBe(
      "Sign in first: This needs a role that you do not have.\nSign in as an administrator to see this.",
    );
    expect((await user.api.whoami()).username).toBe("alice");
  });

  it.each([
    ["in seconds", "3", /^Too many requests \(HTTP 429\)\.\nTry again in 3 seconds, at \d\d:\d\d:\d\d\.$/],
    ["as one second", "1", /Try again in 1 second, at/],
    ["as a date", new Date(Date.now() + 3_600_000).toUTCString(), /Try again in 3[56]\d\d seconds, at /],
    ["in a way that makes no sense", "soon", /Try again in a moment\.$/],
  ])("of the limiter, which is plain text, says when to try again: %s", async (_, retryAfter, told) => {
    const headers = { "retry-after": retryAfter };
    gateway.next("GET /orders", () => new Response("Too Many Requests", { status: 429, headers }));
    expect(await toldBy(user.api.orders())).toMatch(told);
  });

  it("of a drill hints that drills may be off", async () => {
    const told = await toldBy(actions.fail(user.api, "products"));
    expect(told).toMatch(/^Not Found \(HTTP 404\)\.\n.*--drills on/);
  });

  it("cannot steer the terminal", async () => {
    const detail = "\u001b]0;owned\u0007 \u202egnorw";
    gateway.next("GET /orders", () => new Problem("validation_failed", { detail }).toResponse());
    expect(await toldBy(user.api.orders())).toMatch(/: \]0;owned gnorw$/);
  });
});

describe("an answer", () => {
  it("that is only read is asked for once more where none came", async () => {
    gateway.next("GET /authentication/whoami", () => "break");
    expect((await user.api.whoami()).username).toBe("alice");
    gateway.next("GET /authentication/whoami", () => new Response("Bad Gateway", { status: 502 }));
    expect((await user.api.whoami()).username).toBe("alice");
  });

  it("of another form than the documented is an error, not a crash", async () => {
    for (const answer of [json({ items: [{}], nextCursor: null }), json([]), new Response("<html>")]) {
      gateway.next("GET /orders", () => answer);
      expect(await toldBy(user.api.orders())).toContain("not of the documented form");
    }
  });

  it("that never ends the list does not keep the client going", async () => {
    const again = () => json({ items: [], nextCursor: "x" });
    gateway.next("GET /orders", again);
    gateway.next("GET /orders", again);
    expect(await toldBy(user.api.orders())).toContain("does not end");
  });
});

describe("a gateway that does not answer", () => {
  const login = ({ api }: TestUser) => toldBy(api.login({ username: "alice", password: PASSWORD }));

  it("may not be running", async () => {
    const { url, ca } = gateway;
    await gateway.stop();
    const early = await createUser({ gatewayUrl: url, gatewayCa: ca });
    expect(await login(early)).toBe(
      `${url} cannot be reached (ECONNREFUSED).\n` +
        "Is the platform running? `npm start` starts it; --outputs names the outputs of another one.",
    );
    await early.remove();
  });

  it("may be another platform, to which nothing is sent", async () => {
    const { ca } = await makeCertificate();
    const stranger = await createUser({ gatewayUrl: gateway.url, gatewayCa: ca });
    const sent = gateway.received.length;
    expect(await login(stranger)).toContain("shows a certificate that is not of the platform in the outputs");
    expect(gateway.received).toHaveLength(sent);
    await stranger.remove();
  });

  it("may have a certificate that has run out", async () => {
    const certificate = await makeCertificate({ endsIn: -60_000 });
    const server = await startServer(certificate, () => "break");
    const late = await createUser({ gatewayUrl: server.url, gatewayCa: certificate.ca });
    expect(await login(late)).toContain("(CERT_HAS_EXPIRED)");
    await late.remove();
    await server.stop();
  });
});
