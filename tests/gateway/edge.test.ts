import { connect } from "node:tls";
import { request as httpRequest } from "node:http";
import { describe, expect, inject, it } from "vitest";
import { catalog } from "../../services/catalog.ts";
import { allRoutes } from "../../services/shared/catalog.ts";
import { signUp, TestClient } from "../support/client.ts";

const outputs = inject("outputs");
const routes = allRoutes(catalog, { drills: true });

describe("the edge", () => {
  it("speaks TLS 1.3 with a certificate of the platform's CA, and nothing older", async () => {
    expect(await handshake({ ca: outputs.gatewayCa })).toBe("TLSv1.3");
    await expect(handshake({ ca: outputs.gatewayCa, maxVersion: "TLSv1.2" })).rejects.toThrow(
      /alert|protocol version/i,
    );
    await expect(handshake({})).rejects.toThrow(/certificate/i);
  });

  it("redirects HTTP to HTTPS", async () => {
    const { status, location } = await new Promise<{
      status: number | undefined;
      location: string | undefined;
    }>((resolve, reject) => {
      const get = httpRequest(`${outputs.gatewayHttpUrl}/products?limit=1`, { family: 4 }, (response) => {
        response.resume();
        resolve({ status: response.statusCode, location: response.headers.location });
      });
      get.on("error", reject).end();
    });
    expect(status).toBe(301);
    expect(location).toMatch(/^https:\/\/.*\/products\?limit=1$/);
  });

  it("adds security headers to what services answer", async () => {
    const { headers } = await new TestClient().get("/authentication/openapi.json");
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
    });
  });

  it.each(["X_User_ID", "X_User_Role", "x_user_id", "X.User.ID"])("refuses the alias %s", async (name) => {
    const { client } = await signUp();
    expect((await client.get("/authentication/whoami", { headers: { [name]: "x" } })).status).toBe(400);
  });

  it("refuses headers over 8 KiB, and serves the others on", async () => {
    const { client } = await signUp();
    expect((await client.get("/orders", { headers: { "x-padding": "x".repeat(20_000) } })).status).toBe(431);
    expect((await client.get("/orders")).status).toBe(200);
  });
});

describe("what is not for the outside", () => {
  const internal = new Map(
    routes
      .filter(({ access }) => access === "internal")
      .map(({ method, path }) => [`${method} ${path}`, [method, path] as const]),
  );
  const hidden = [
    ...internal.values(),
    ["GET", "/health"],
    ["GET", "/health/ready"],
    ["GET", "/api/rawdata"],
    ["GET", "/dashboard/"],
    ["GET", "/ping"],
    ["GET", "/"],
  ] as const;

  it.each(hidden)("%s %s is not found, even by a signed-in user", async (method, path) => {
    const { client } = await signUp();
    expect((await client.send(method, path)).status).toBe(404);
  });

  it.each(
    routes.filter(({ access }) => access !== "internal").map(({ path, method }) => [path, method] as const),
  )("%s answers 404 to any method but its own", async (path, own) => {
    const { client } = await signUp();
    const real = path.replace("{id}", "moka-pot");
    const others = routes.filter((route) => route.path === path).map((route) => route.method as string);
    for (const method of [
      "PUT",
      "DELETE",
      "PATCH",
      "OPTIONS",
      "TRACE",
      "PROPFIND",
      own === "GET" ? "POST" : "GET",
    ]) {
      if (others.includes(method)) continue;
      expect([method, (await client.send(method, real)).status]).toEqual([method, 404]);
    }
  });
});

describe("every route that is not public", () => {
  const guarded = routes.filter(
    ({ access }) => access !== "internal" && access !== "public" && access !== "user",
  );
  const forUsers = routes.filter(({ access }) => access === "user");

  it.each(
    [...guarded, ...forUsers].map(({ method, path }) => [method, path.replace("{id}", "moka-pot")] as const),
  )("%s %s answers 401 without a token, whatever identity the client claims", async (method, path) => {
    const stranger = new TestClient();
    for (const name of ["X-User-ID", "x-user-id", "X-USER-ID", "X-User-Role"]) {
      const headers = { [name]: "00000000-0000-4000-8000-000000000001" };
      expect((await stranger.send(method, path, { headers })).status).toBe(401);
    }
  });

  it("takes the identity from the token and not from the client", async () => {
    const [alice, bob] = await Promise.all([signUp(), signUp()]);
    for (const name of ["X-User-ID", "x-user-id", "X-USER-ID"]) {
      const { status, json } = await alice.client.get("/authentication/whoami", {
        headers: { [name]: [bob.id, bob.id] },
      });
      expect([status, json]).toEqual([200, { id: alice.id, username: alice.username }]);
    }
  });

  it("gives no role to a user who claims one", async () => {
    const { client } = await signUp();
    const headers = { "X-User-Role": "admin", "X-User-ID": "00000000-0000-4000-8000-000000000001" };
    expect([401, 403]).toContain((await client.get("/products/admin", { headers })).status);
  });
});

function handshake(options: { ca?: string; maxVersion?: "TLSv1.2" }): Promise<string | null> {
  const { hostname, port } = new URL(outputs.gatewayUrl);
  return new Promise((resolve, reject) => {
    const target = { host: hostname, port: Number(port || 443), family: 4, servername: "localhost" };
    const socket = connect({ ...target, ...options }, () => {
      resolve(socket.getProtocol());
      socket.destroy();
    });
    socket.on("error", reject);
  });
}
