import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createClient } from "@hey-api/openapi-ts";
import { Agent, fetch } from "undici";
import { expect, inject, it, onTestFinished } from "vitest";
import { TestClient } from "../support/client.ts";

interface Call {
  readonly body?: unknown;
  readonly path?: Record<string, string>;
}
type Operation = (call?: Call) => Promise<{ data?: unknown; response: Response }>;

/** A client that a generator made of the gateway's document, and that knows nothing else of the gateway. */
async function generateClient(): Promise<Record<string, Operation>> {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-client-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const document = (await new TestClient().get("/openapi.json")).json as Record<string, unknown>;
  await createClient({
    input: document,
    output: { path: folder, importFileExtension: ".ts" },
    plugins: ["@hey-api/sdk", "@hey-api/client-fetch"],
    logs: { level: "silent" },
  });
  const load = (file: string) => import(pathToFileURL(join(folder, file)).href) as Promise<unknown>;
  const { client } = (await load("client.gen.ts")) as { client: { setConfig(config: object): void } };
  client.setConfig({ baseUrl: inject("outputs").gatewayUrl, fetch: browserLikeFetch() });
  return (await load("sdk.gen.ts")) as Record<string, Operation>;
}

/** Trusts the gateway's CA and keeps cookies, as a browser that is set up does by itself. */
function browserLikeFetch() {
  const dispatcher = new Agent({ connect: { ca: inject("outputs").gatewayCa } });
  const cookies = new Map<string, string>();
  return async (request: Request) => {
    const headers = new Headers(request.headers);
    headers.set("cookie", [...cookies].map((cookie) => cookie.join("=")).join("; "));
    const { url, method } = request;
    const body = request.body === null ? undefined : await request.text();
    const response = await fetch(url, {
      method,
      headers: Object.fromEntries(headers),
      dispatcher,
      ...(body === undefined ? {} : { body }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      cookies.set(name, value);
    }
    return response;
  };
}

it("a client generated from /openapi.json registers, signs in, buys and sees its order", async () => {
  const client = await generateClient();
  const call = async (operation: string, options?: Call) => {
    const { data, response } = (await client[operation]?.(options)) ?? {};
    if (response?.ok !== true) throw new Error(`${operation}: ${String(response?.status)}`);
    return data as Record<string, unknown>;
  };
  const credentials = { username: `generated-${Date.now()}`, password: "correct horse battery staple" };
  await call("postAuthenticationRegistration", { body: credentials });
  await call("postAuthenticationLogin", { body: credentials });
  expect(await call("getAuthenticationWhoami")).toMatchObject({ username: credentials.username });
  const order = await call("postProductsIdBuy", { path: { id: "milk-jug" } });
  expect((await call("getOrders"))["items"]).toEqual([order]);
  await call("postAuthenticationLogout");
  await expect(call("getAuthenticationWhoami")).rejects.toThrow("401");
});
