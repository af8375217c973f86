import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { expectJson, signUp } from "../support/client.ts";
import { ADMINISTRATOR_PASSWORD, startPasswordDatabase } from "../support/password-database.ts";
import { startRunner } from "../support/runner.ts";

it(
  "runs on a server of the user's own, with a password for every service",
  { timeout: 120_000 },
  async () => {
    const root = mkdtempSync(join(tmpdir(), "gatehouse-external-"));
    const server = await startPasswordDatabase(join(root, "server"));
    const runner = startRunner(join(root, "platform"), ["--replicas", "1"], { DATABASE_URL: server.url });
    const outputs = await runner.ready();
    const { client } = await signUp(outputs);
    const order = expectJson(await client.post("/products/tamper/buy"), 201);
    expect(expectJson(await client.get("/orders"), 200)).toMatchObject({ items: [order] });
    runner.child.kill("SIGTERM");
    expect(await runner.ended()).toBe(0);
    expect(runner.text()).not.toContain(ADMINISTRATOR_PASSWORD);

    await server.stop();
    rmSync(root, { recursive: true, force: true });
  },
);
