import { connect } from "node:tls";
import { request as httpRequest } from "node:http";
import { describe, expect, inject, it } from "vitest";
import { TestClient } from "../support/client.ts";

const outputs = inject("outputs");

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
