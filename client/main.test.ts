import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CliOptions } from "./testing/cli.ts";
import { runCli } from "./testing/cli.ts";
import type { TestGateway } from "./testing/gateway.ts";
import { startGateway } from "./testing/gateway.ts";
import type { TestUser } from "./testing/user.ts";
import { createUser, PASSWORD } from "./testing/user.ts";

const password = { GATEHOUSE_PASSWORD: PASSWORD };

let gateway: TestGateway;
let user: TestUser;
let env: Record<string, string>;
beforeEach(async () => {
  gateway = await startGateway();
  const outputs = { gatewayUrl: gateway.url, gatewayCa: gateway.ca };
  user = await createUser(outputs);
  const file = join(user.stateHome, "outputs.json");
  await writeFile(file, JSON.stringify({ ...outputs, adminPassword: "SECRET-admin", namespace: "ignored" }));
  env = { XDG_STATE_HOME: user.stateHome, GATEHOUSE_OUTPUTS: file };
});
afterEach(async () => {
  await user.remove();
  await gateway.stop();
});

/** The client as a process. */
function run(args: readonly string[], options: Partial<CliOptions> = {}) {
  return runCli(args, { ...options, env: { ...env, ...options.env } });
}

describe("the client", () => {
  it("goes from registration to logout, and nothing of it prints a token or a password", async () => {
    const steps = [
      ["registration", "alice"],
      ["login", "alice"],
      ["whoami"],
      ["products"],
      ["buy_products", "cup", "--quantity", "2"],
      ["orders"],
      ["fail", "orders"],
      ["logout"],
    ];
    const finished = [];
    for (const step of steps) finished.push(await run(step, { env: password }));

    const codes = finished.map(({ code, stderr }) => ({ code, stderr }));
    expect(codes).toEqual(steps.map(() => ({ code: 0, stderr: "" })));
    expect(finished.map(({ stdout }) => stdout)).toEqual([
      "Registered alice. Sign in with `login`.\n",
      "Signed in as alice.\n",
      "alice\n",
      [
        "ID       NAME            PRICE  STOCK  DESCRIPTION",
        "cup      Cup         12.50 EUR      5  Porcelain.",
        "tea-pot  Tea pot      5400 JPY      2  Cast iron.",
        "scale    Scale [31m   0.05 EUR      0  Weighs.",
        "",
      ].join("\n"),
      expect.stringMatching(/^Bought 2 x cup for 25\.00 EUR: order [0-9a-f-]{36}\.\n$/),
      expect.stringMatching(
        /^ORDERED .*\n\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}cup +2 {3}12\.50 EUR {2}25\.00 EUR {2}[0-9a-f-]{36}\n$/,
      ),
      expect.stringMatching(/^One replica of orders is broken now/),
      "Signed out.\n",
    ]);
    expect(JSON.stringify(finished)).not.toMatch(new RegExp(`SECRET|${PASSWORD}`));
    expect(await readdir(user.stateFolder)).toEqual([expect.stringMatching(/\.lock$/)]);
  });

  it("prints answers as JSON, with all pages of a list", async () => {
    const answer = async (...args: string[]) =>
      JSON.parse((await run([...args, "--json"], { env: password })).stdout) as unknown;
    expect(await answer("registration", "admin")).toMatchObject({ username: "admin" });
    expect(await answer("login", "admin")).toMatchObject({ username: "admin", expiresIn: 900 });
    expect(await answer("products")).toMatchObject({
      items: [{ id: "cup", price: 1250 }, { id: "tea-pot" }, { id: "scale" }],
      nextCursor: null,
    });
    expect(await answer("admin")).toMatchObject({ items: [{ id: "golden-cup" }], nextCursor: null });
    const bought = await answer("buy", "cup");
    expect(bought).toMatchObject({ productId: "cup", quantity: 1, unitPrice: 1250 });
    expect(await answer("orders")).toEqual({ items: [bought], nextCursor: null });
    expect(await answer("fail", "orders")).toEqual({ status: "broken" });
    expect(await answer("logout")).toBeNull();
  });

  it("takes the password from one line of standard input where there is no terminal", async () => {
    await run(["registration", "alice"], { env: password });
    const login = await run(["login", "alice"], { stdin: `${PASSWORD}\r\nnot this` });
    expect(login).toMatchObject({ code: 0, stdout: "Signed in as alice.\n" });
  });

  it("ends with 1 where it is refused, and tells it on standard error", async () => {
    expect(await run(["whoami"])).toMatchObject({
      code: 1,
      stdout: "",
      stderr: "error: You are not signed in.\nSign in with `login`.\n",
    });
    const elsewhere = await run(["whoami", "--json", "--outputs", join(user.stateHome, "none.json")]);
    expect(elsewhere).toMatchObject({ code: 1, stdout: "" });
    expect(elsewhere.stderr).toContain("There are no outputs of a platform at");
  });
});

describe("several clients at the same time", () => {
  it("renew the session once between them", async () => {
    await user.signIn();
    gateway.identity.expireAccess();
    const clients = await Promise.all(Array.from({ length: 4 }, () => run(["whoami"])));
    expect(clients.map(({ stdout, stderr }) => stdout + stderr)).toEqual(clients.map(() => "alice\n"));
    expect(gateway.identity).toMatchObject({ refreshes: 1, reuses: 0 });
  });

  it("do not lose it when one is interrupted in the middle of that", async () => {
    await user.signIn();
    gateway.identity.expireAccess();
    let interrupt: (name: NodeJS.Signals) => void = () => undefined;
    gateway.next("POST /authentication/refresh", async (request) => {
      const answer = gateway.identity.refresh(request);
      interrupt("SIGINT");
      // Time for the signal to do its worst before the new tokens are out.
      await new Promise((resolve) => setTimeout(resolve, 300));
      return answer;
    });
    const interrupted = await run(["whoami"], { started: (signal) => (interrupt = signal) });
    expect(interrupted).toMatchObject({ signal: "SIGINT", stdout: "" });
    expect((await user.api.whoami()).username).toBe("alice");
    expect(gateway.identity).toMatchObject({ refreshes: 1, reuses: 0 });
  });
});

describe("wrong usage", () => {
  it.each([
    ["whoops", "unknown command 'whoops'"],
    ["login alice", "No password was given."],
    ["", "The menu needs a terminal."],
  ])('ends with 2: "%s"', async (line, message) => {
    const { code, stdout, stderr } = await run(line.split(" ").filter((word) => word !== ""));
    expect(stderr).toContain(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });
});
