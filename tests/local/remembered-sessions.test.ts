import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent, request } from "undici";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { REVOCATION_LEASE_MS } from "../../services/shared/lifetimes.ts";
import type { SignedIn } from "../support/client.ts";
import { TestClient } from "../support/client.ts";
import { linesWith } from "../support/log-lines.ts";
import { killReplica, pidOf } from "../support/processes.ts";
import { sendRaw } from "../support/raw.ts";
import type { Read } from "../support/readers.ts";
import { RememberingPlatform, tokenOf } from "../support/remembering.ts";
import { eventually } from "../support/wait.ts";

const REPLICAS = ["authentication-1", "authentication-2"];

let platform: RememberingPlatform;
beforeAll(async () => {
  platform = await RememberingPlatform.start();
});
afterAll(() => platform.stop());

/** Logs a user out as a gateway would that is not stopped. */
async function endDirectly(user: SignedIn): Promise<void> {
  const port = platform.platform.listeners.find(({ name }) => name === "authentication-1")?.port ?? 0;
  const pem = (name: string) => readFileSync(join(platform.state, "certificates", name));
  const tls = { ca: pem("ca.crt"), cert: pem("gateway.crt"), key: pem("gateway.key") };
  const direct = new Agent({ connect: { ...tls, servername: "authentication" } });
  const { statusCode } = await request(`https://127.0.0.1:${port}/authentication/logout`, {
    dispatcher: direct,
    method: "POST",
    headers: { authorization: `Bearer ${tokenOf(user)}`, "x-user-id": user.id },
  });
  await direct.close();
  expect(statusCode).toBe(204);
}

/** Every replica of authentication stands still for a while. Resolves once the gateway takes them for healthy again. */
async function withServiceStopped<R>(run: () => Promise<R>): Promise<R> {
  const pids = REPLICAS.map((name) => pidOf(name, platform.state));
  for (const pid of pids) process.kill(pid, "SIGSTOP");
  try {
    return await run();
  } finally {
    for (const pid of pids) process.kill(pid, "SIGCONT");
    await eventually("the service being there again", () =>
      platform.signUp().then(
        () => true,
        () => false,
      ),
    );
  }
}

describe("a gateway that remembers sessions", () => {
  it("asks nobody about a session that it remembers", async () => {
    const user = await platform.remembered();
    const before = await platform.checks();
    for (let count = 0; count < 100; count++) expect((await platform.read(user)).status).toBe(200);
    expect(await platform.checks()).toBe(before);
  });

  it("asks about each request without credentials, be it that the connection alone was to have them", async () => {
    const user = await platform.remembered();
    const { gatewayUrl, gatewayCa } = platform.outputs;
    const statusOf = async (head: string) => {
      const request = `GET /orders HTTP/1.1\r\nHost: localhost\r\n${head}\r\n`;
      return (await sendRaw(gatewayUrl, gatewayCa, request)).status;
    };
    const token = `Authorization: Bearer ${tokenOf(user)}\r\n`;
    const before = await platform.checks();
    for (const connection of ["close", "X-Other, close"])
      expect(await statusOf(`${token}Connection: ${connection}\r\n`)).toBe(200);
    expect(await platform.checks()).toBe(before);
    const stripped = `${token}Connection: authorization, close\r\n`;
    const heads = ["Connection: close\r\n", "Connection: close\r\n", stripped, stripped];
    for (const head of heads) expect(await statusOf(head), head).toBe(401);
    expect(await platform.checks()).toBe(before + heads.length);
  });

  it("says in its access log who asked, also where it asked nobody", async () => {
    const user = await platform.remembered();
    const client = new TestClient({ outputs: platform.outputs });
    const { headers } = await client.get("/orders", {
      headers: { authorization: `Bearer ${tokenOf(user)}` },
    });
    expect(headers["x-user-id"]).toBe(user.id);
    for (const name of ["x-session-id", "x-key-set"]) expect(headers).not.toHaveProperty(name);
    const [line] = await eventually("the gateway's line of it", () => {
      const lines = linesWith(platform.state, String(headers["x-request-id"]));
      return lines.some((one) => "RouterName" in one) && lines.filter((one) => "RouterName" in one);
    });
    expect(line).toMatchObject({ RouterName: "get-orders@file", "downstream_X-User-Id": user.id });
  });
});

describe("a session that ends", () => {
  /** Many sessions are read while one after the other ends: what was let in after the end was answered. */
  async function late(end: (user: SignedIn) => Promise<unknown>) {
    const users = await Promise.all(Array.from({ length: 24 }, () => platform.signUp()));
    const all = users.map((user) => ({ user, reading: platform.readers(user) }));
    const ends = all.map(async ({ user, reading }, index) => {
      await sleep(300 + 150 * index);
      await end(user);
      const answered = performance.now();
      await sleep(1_500);
      await reading.stop();
      return { before: reading.letIn(0, answered).length, after: reading.letIn(answered).length, reading };
    });
    const results = await Promise.all(ends);
    const sum = (pick: (result: (typeof results)[number]) => number) =>
      results.reduce((total, result) => total + pick(result), 0);
    return {
      before: sum(({ before }) => before),
      after: sum(({ after }) => after),
      refused: sum(({ reading }) => reading.reads.filter(({ status }) => status === 401).length),
    };
  }

  it(
    "by logout is let in no more once that is answered, whoever reads meanwhile",
    { timeout: 60_000 },
    async () => {
      const asked = await platform.checks();
      const { before, after, refused } = await late(async ({ client }) => {
        expect((await client.post("/authentication/logout")).status).toBe(204);
      });
      const share = ((await platform.checks()) - asked - refused) / before;
      console.log(
        `24 logouts: ${before} reads let in before, ${(100 * share).toFixed(1)} % of them asked about; ${after} of ${refused} after`,
      );
      expect(before).toBeGreaterThan(200);
      expect(share).toBeLessThan(0.5);
      expect(refused).toBeGreaterThan(100);
      expect(after).toBe(0);
    },
  );

  it(
    "by the second use of a refresh token is let in no more once that is refused",
    { timeout: 60_000 },
    async () => {
      const { before, after, refused } = await late(async ({ client }) => {
        const thief = new TestClient({ outputs: platform.outputs });
        const refreshToken = client.cookies.get("refresh");
        expect((await client.post("/authentication/refresh")).status).toBe(200);
        expect((await thief.post("/authentication/refresh", { refreshToken })).status).toBe(401);
      });
      console.log(
        `24 refresh tokens used again: ${before} reads let in before, ${after} of ${refused} after`,
      );
      expect(refused).toBeGreaterThan(100);
      expect(after).toBe(0);
    },
  );

  it("while the gateway stands still is not let in when that goes on", { timeout: 60_000 }, async () => {
    const user = await platform.remembered();
    const gateway = pidOf("gateway", platform.state);
    process.kill(gateway, "SIGSTOP");
    const waiting: Promise<{ status: number }>[] = [];
    try {
      await endDirectly(user);
      waiting.push(...Array.from({ length: 20 }, () => platform.read(user)));
      await sleep(2_000);
    } finally {
      process.kill(gateway, "SIGCONT");
    }
    const statuses = (await Promise.all(waiting)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([401]));
  });
});

describe("a gateway that cannot ask", () => {
  it("goes by what it remembers until its lease ends, and no longer", { timeout: 60_000 }, async () => {
    const user = await platform.remembered();
    const reads: Promise<Read>[] = [];
    const [stopped, resumed] = await withServiceStopped(async () => {
      const start = performance.now();
      while (performance.now() - start < 2_500) {
        reads.push(platform.read(user));
        await sleep(20);
      }
      return [start, performance.now()] as const;
    });
    const answered = (await Promise.all(reads)).filter((one) => one.answered < resumed);
    const letIn = answered.filter(({ status }) => status === 200).map(({ sent }) => sent - stopped);
    console.log(
      `authentication stands still: ${letIn.length} reads let in, the last sent after ${Math.max(...letIn).toFixed(0)} ms`,
    );
    expect(letIn.length).toBeGreaterThan(0);
    expect(Math.max(...letIn)).toBeLessThan(REVOCATION_LEASE_MS);
    await eventually("reads as before", async () => (await platform.read(user)).status === 200);
  });

  it("has forgotten what it cannot be sure of when it can ask again", { timeout: 60_000 }, async () => {
    const user = await platform.remembered();
    const before = await platform.checks();
    await withServiceStopped(() => sleep(6_500));
    await eventually("reads as before", async () => (await platform.read(user)).status === 200);
    expect(await platform.checks()).toBeGreaterThan(before);
  });
});

describe("replicas that hang or die", () => {
  it.each(REPLICAS)(
    "where %s hangs, another one is asked after a moment",
    { timeout: 60_000 },
    async (name) => {
      await platform.remembered();
      const strangers = await Promise.all(Array.from({ length: 10 }, () => platform.signUp()));
      const pid = pidOf(name, platform.state);
      process.kill(pid, "SIGSTOP");
      try {
        await sleep(3_500);
        const reads = await Promise.all(strangers.map((user) => platform.read(user)));
        expect(reads.map(({ status }) => status)).toEqual(strangers.map(() => 200));
        expect(Math.max(...reads.map(({ sent, answered }) => answered - sent))).toBeLessThan(2_000);
      } finally {
        process.kill(pid, "SIGCONT");
      }
    },
  );

  it("leave remembered sessions alone where a replica is replaced", { timeout: 60_000 }, async () => {
    const user = await platform.remembered();
    const reading = platform.readers(user, 1);
    for (const name of REPLICAS) await killReplica(name, platform.state);
    await reading.stop();
    const failed = reading.reads.filter(({ status }) => status !== 200);
    expect(failed).toEqual([]);
    await platform.remembered();
  });
});
