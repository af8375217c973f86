import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { expectJson, signUp, TestClient } from "../support/client.ts";
import { isAlive, processesOf } from "../support/processes.ts";
import { startRunner } from "../support/runner.ts";
import { eventually } from "../support/wait.ts";

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "gatehouse-runner-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("npm start", () => {
  it(
    "keeps the data and cleans up after a runner that was killed, and leaves no process when asked to stop",
    { timeout: 120_000 },
    async () => {
      const state = join(root, "killed");
      const first = startRunner(state);
      const outputs = await first.ready();
      expect(statSync(join(state, "outputs.json")).mode & 0o777).toBe(0o600);
      const { username, password } = await signUp(outputs);
      const orphans = [...processesOf(state).values()];
      first.child.kill("SIGKILL");
      await first.ended();
      expect(orphans.filter(isAlive).length).toBeGreaterThan(0);

      const second = startRunner(state);
      const again = await second.ready();
      expect(orphans.filter(isAlive)).toEqual([]);
      expect(again.adminPassword).toBe(outputs.adminPassword);
      expect(again.gatewayCa).toBe(outputs.gatewayCa);
      const client = new TestClient({ outputs: again });
      expectJson(await client.post("/authentication/login", { username, password }), 200);

      const dashboard = await eventually("the dashboard's address", () =>
        /http:\/\/127\.0\.0\.1:\d+\/\?token=\S+/.exec(second.text())?.at(0),
      );
      expect((await fetch(dashboard, { redirect: "manual" })).status).toBe(303);

      // The platform of the whole suite runs beside this one all the while.
      expect((await new TestClient({ outputs: inject("outputs") }).get("/orders")).status).toBe(401);

      const children = [...processesOf(state).values()];
      second.child.kill("SIGTERM");
      expect(await second.ended()).toBe(0);
      await expect(fetch(dashboard)).rejects.toThrow();
      expect(children.filter(isAlive)).toEqual([]);
      for (const log of ["authentication-1", "products-2"]) {
        expect(
          readFileSync(join(state, `logs/${log}.log`), "utf8")
            .trim()
            .split("\n")
            .at(-1),
        ).toContain('"stopped"');
      }
    },
  );

  it("stops at the next step when it is asked to while it starts", async () => {
    const state = join(root, "early");
    const runner = startRunner(state);
    await eventually("the database", () => runner.text().includes("database"));
    const children = [...processesOf(state).values()];
    expect(children.some(isAlive)).toBe(true);
    runner.child.kill("SIGINT");
    expect(await runner.ended()).toBe(0);
    expect(runner.text()).not.toContain("ready in");
    expect(children.filter(isAlive)).toEqual([]);
  });

  it("refuses a state folder that a running platform uses", async () => {
    const runner = startRunner(inject("state"));
    expect(await runner.ended()).toBe(1);
    expect(runner.text()).toMatch(/already runs on the state folder .* --state DIR --port 0/);
  });

  it(
    "puts the answer to a wrong role where it is told to, and the drills away",
    { timeout: 60_000 },
    async () => {
      const state = join(root, "settings");
      const runner = startRunner(state, [
        "--drills",
        "off",
        "--role-refusal",
        "403",
        "--replicas",
        "1",
        "--limits",
        "off",
      ]);
      const outputs = await runner.ready();
      expect(outputs.limits).toBe("off");
      const { client } = await signUp(outputs);
      expect((await client.get("/products/admin")).status).toBe(403);
      expect((await client.get("/orders/fail")).status).toBe(404);
      // More than limits would let in, and no more than a route has room for.
      const many = await Promise.all(Array.from({ length: 45 }, () => client.get("/orders")));
      expect(many.every(({ status }) => status === 200)).toBe(true);
      runner.child.kill("SIGINT");
      expect(await runner.ended()).toBe(0);
    },
  );
});

describe("npm start says what to do", () => {
  it("where the port is taken", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const runner = startRunner(join(root, "port"), ["--port", String(port)]);
    expect(await runner.ended()).toBe(1);
    expect(runner.text()).toContain(`port ${port} is taken`);
    expect(runner.text()).toContain("--port PORT");
    server.close();
  });

  it("where the state folder cannot be written", async () => {
    writeFileSync(join(root, "file"), "");
    const runner = startRunner(join(root, "file", "state"));
    expect(await runner.ended()).toBe(1);
    expect(runner.text()).toMatch(/cannot be written: choose another one with --state/);
  });

  it("where the state folder is of another version", async () => {
    const state = join(root, "version");
    mkdirSync(state);
    writeFileSync(join(state, "state.json"), '{"version": 99}');
    const runner = startRunner(state);
    expect(await runner.ended()).toBe(1);
    expect(runner.text()).toMatch(/is of version 99, this runner knows version 1: use another one/);
  });

  it("where the database cannot be reached, without its password", async () => {
    const runner = startRunner(join(root, "database"), [], {
      DATABASE_URL: "postgresql://root:hunter2hunter2@127.0.0.1:1/postgres",
    });
    expect(await runner.ended()).toBe(1);
    expect(runner.text()).toMatch(/DATABASE_URL cannot be reached .*ECONNREFUSED.*unset DATABASE_URL/);
    expect(runner.text()).not.toContain("hunter2");
  });

  it("where no Traefik can be had", { timeout: 60_000 }, async () => {
    const empty = join(root, "empty");
    mkdirSync(empty);
    // What PostgreSQL needs where the tests run as root.
    symlinkSync("/usr/bin/setpriv", join(empty, "setpriv"));
    const runner = startRunner(join(root, "traefik"), [], { PATH: empty, XDG_CACHE_HOME: empty });
    expect(await runner.ended()).toBe(1);
    expect(runner.text()).toMatch(/no Traefik 3\.7\.15 could be had .*install python3 with pip/);
    expect(runner.text()).not.toContain("    at ");
    // The steps before had started a database.
    expect(existsSync(join(root, "traefik/logs/postgres.log"))).toBe(true);
    expect(existsSync(join(root, "traefik/postgres/postmaster.pid"))).toBe(false);
  });

  it.each([
    [["--port", "x"], "whole number from 0 to 65535"],
    [["--replicas", "0"], "whole number from 1 to 8"],
    [["--limits", "maybe"], "Allowed choices are on, off"],
    [["--surprise"], "unknown option"],
  ])("where the flags are %s", async (flags, words) => {
    const runner = startRunner(join(root, "flags"), flags);
    expect(await runner.ended()).toBe(2);
    expect(runner.text()).toContain(words);
  });
});
