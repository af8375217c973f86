import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Answer, SignedIn } from "../support/client.ts";
import { signUp } from "../support/client.ts";
import type { Door } from "../support/door.ts";
import { openDoor } from "../support/door.ts";
import { EditedGateway } from "../support/edited-gateway.ts";
import type { TestOutputs } from "../support/outputs.ts";
import type { TestPlatform } from "../support/platform.ts";
import { startTestPlatform } from "../support/platform.ts";
import { pidOf } from "../support/processes.ts";
import { put } from "../support/traefik-edits.ts";
import { eventually } from "../support/wait.ts";

/** Milliseconds for an answer at once, on a machine that is busy. */
const QUICK = 500;
const RESTARTS = 5;

describe("the gateway", () => {
  let platform: TestPlatform;
  let door: Door;
  let alice: SignedIn;
  beforeAll(async () => {
    platform = await startTestPlatform(undefined, { replicas: 1, limits: "off" });
    const { port = 0 } = platform.listeners.find(({ name }) => name === "orders-1") ?? {};
    door = await openDoor(port);
    // Between the gateway and the only replica of orders there is a door; health checks go round it.
    await new EditedGateway(platform.outputs, platform.state).restart((configuration) => {
      const balancer = "dynamic.http.services.orders.loadBalancer";
      put(`${balancer}.servers`, [{ url: `https://127.0.0.1:${door.port}` }])(configuration);
      put(`${balancer}.healthCheck.port`, port)(configuration);
    });
    alice = await signUp(platform.outputs);
  });
  afterAll(async () => {
    await platform.stop();
    await door.close();
  });

  const orders = async (): Promise<Answer & { milliseconds: number }> => {
    const start = performance.now();
    const answer = await alice.client.get("/orders");
    return { ...answer, milliseconds: performance.now() - start };
  };

  it("refuses with Retry-After, at once, where no replica of a service is healthy", async () => {
    const pid = pidOf("orders-1", platform.state);
    process.kill(pid, "SIGSTOP");
    try {
      // What was sent before the health check failed waits for its answer.
      const refusal = await eventually("a refusal", async () => {
        const answer = await Promise.race([orders(), sleep(QUICK)]);
        return answer?.status === 503 && answer;
      });
      expect(refusal.headers["retry-after"]).toBe("1");
      expect((await alice.client.get("/products")).status).toBe(200);
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await eventually("orders again", async () => (await orders()).status === 200);
  });

  it("opens its breaker where connections break to a service whose health checks pass, refuses at once, and closes it", async () => {
    expect((await orders()).status).toBe(200);

    await door.shut();
    const first = await orders();
    expect(first.status).toBe(502);
    const refusal = await eventually("the breaker's answer", async () => {
      const answer = await orders();
      return answer.status === 503 && answer;
    });
    expect(refusal.headers["retry-after"]).toBe("1");
    expect(refusal.milliseconds).toBeLessThan(QUICK);
    expect((await alice.client.get("/products")).status).toBe(200);

    door.open();
    const start = performance.now();
    await eventually("orders again", async () => (await orders()).status === 200);
    const again = performance.now() - start;
    // For as long as it recovers the breaker lets some through and refuses others.
    await eventually("a closed breaker", async () => {
      const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await orders()).status));
      return statuses.every((status) => status === 200);
    });
    console.log(
      `the gateway tried for ${(first.milliseconds / 1000).toFixed(1)} s; refused in ${refusal.milliseconds.toFixed(0)} ms ` +
        `once the breaker was open; orders again ${(again / 1000).toFixed(1)} s after the connections held`,
    );
  }, 60_000);

  it("shows no certificate but the platform's, however often it is restarted", async () => {
    const seen = new Map<string, number>();
    const good = () => seen.get("good") ?? 0;
    for (let restart = 0; restart < RESTARTS; restart++) {
      process.kill(pidOf("gateway", platform.state), "SIGKILL");
      for (const before = good(); good() < before + 20;) {
        const what = await handshake(platform.outputs);
        seen.set(what, (seen.get(what) ?? 0) + 1);
      }
    }
    console.log(`handshakes over ${RESTARTS} restarts: ${[...seen].map((one) => one.join(" ")).join(", ")}`);
    expect(seen.get("ECONNREFUSED")).toBeGreaterThan(0);
    expect([...seen.keys()].filter((what) => /CERT|SIGNATURE|ISSUER/.test(what))).toEqual([]);
  }, 60_000);
});

/** `good`, or why no handshake came about. */
function handshake({ gatewayUrl, gatewayCa: ca }: TestOutputs): Promise<string> {
  const target = { host: "127.0.0.1", port: Number(new URL(gatewayUrl).port), servername: "localhost" };
  return new Promise((resolve) => {
    const socket = connect({ ...target, ca }, () => {
      resolve("good");
      socket.destroy();
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(String(error.code)));
  });
}
