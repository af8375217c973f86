import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { LocalError } from "./error.ts";
import { identify, isRunning } from "./processes.ts";
import { StateFolder } from "./state.ts";
import { temporaryFolder } from "./testing.ts";

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
const refusal = (path: string) =>
  StateFolder.open(path).then(
    () => "opened",
    (error: unknown) => error,
  );

async function sleeper() {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  await once(child, "spawn");
  const id = identify(child.pid ?? 0);
  if (id === undefined) throw new Error("the process did not start");
  return { child, id, exit: once(child, "exit") };
}

describe("a state folder", () => {
  it("is made with all that leads to it, for its owner's eyes only", async () => {
    const path = join(temporaryFolder(), "a/b/state");
    const folder = await StateFolder.open(path);
    expect(modeOf(path)).toBe("700");
    for (const name of ["logs", "secrets"]) expect(modeOf(folder.file(name))).toBe("700");
    for (const name of ["state.json", "processes.json"]) expect(modeOf(folder.file(name))).toBe("600");
  });

  it("keeps what it holds from one run to the next", async () => {
    const path = temporaryFolder();
    const first = await StateFolder.open(path);
    expect(first.keep("secrets/x", () => "made once")).toBe("made once");
    expect(modeOf(first.file("secrets/x"))).toBe("600");
    first.close();
    const second = await StateFolder.open(path);
    expect(second.keep("secrets/x", () => "made again")).toBe("made once");
  });

  it("writes a file whole, in place of the one before", async () => {
    const folder = await StateFolder.open(temporaryFolder());
    folder.write("outputs.json", "a long first text");
    const file = folder.write("outputs.json", "short");
    expect(file).toBe(folder.file("outputs.json"));
    expect(readFileSync(file, "utf8")).toBe("short");
    expect(modeOf(file)).toBe("600");
    expect(existsSync(`${file}.new`)).toBe(false);
  });

  it("has no outputs after a run, nor from a run that was killed", async () => {
    const path = temporaryFolder();
    const folder = await StateFolder.open(path);
    folder.write("outputs.json", "{}");
    folder.close();
    expect(existsSync(folder.file("outputs.json"))).toBe(false);

    writeFileSync(folder.file("outputs.json"), "{}");
    await StateFolder.open(path);
    expect(existsSync(folder.file("outputs.json"))).toBe(false);
  });

  it("keeps the outputs of a platform that runs when a second one is refused", async () => {
    const path = temporaryFolder();
    const folder = await StateFolder.open(path);
    folder.write("outputs.json", "{}");
    expect(await refusal(path)).toBeInstanceOf(LocalError);
    expect(existsSync(folder.file("outputs.json"))).toBe(true);
  });

  it.each([0, 2, "1", null])(
    "of version %j is refused, with what to do, and left as it is",
    async (version) => {
      const path = temporaryFolder();
      const content = JSON.stringify({ version });
      writeFileSync(join(path, "state.json"), content);
      const error = await refusal(path);
      expect(error).toBeInstanceOf(LocalError);
      expect((error as LocalError).message).toMatch(
        /is of version .* knows version 1: .*--state DIR, or remove it/,
      );
      expect(readFileSync(join(path, "state.json"), "utf8")).toBe(content);
      expect(existsSync(join(path, "secrets"))).toBe(false);
    },
  );

  it("that another platform runs on is refused, naming its process", async () => {
    const path = temporaryFolder();
    const first = await StateFolder.open(path);
    const error = await refusal(path);
    expect(error).toBeInstanceOf(LocalError);
    expect((error as LocalError).message).toContain(`(process ${process.pid})`);
    expect((error as LocalError).message).toContain("--state DIR --port 0");
    first.close();
    expect(await refusal(path)).toBe("opened");
  });

  it.each([
    ["below a file", (root: string) => join(root, "file/state")],
    ["that is a file", (root: string) => join(root, "file")],
    ["whose name no file system takes", (root: string) => join(root, "x".repeat(300))],
  ])("%s is refused, with what to do", async (_what, pathIn) => {
    const root = temporaryFolder();
    writeFileSync(join(root, "file"), "");
    const error = await refusal(pathIn(root));
    expect(error).toBeInstanceOf(LocalError);
    expect((error as LocalError).message).toMatch(/cannot be written: choose another one with --state DIR/);
  });
});

describe("a run that was killed", () => {
  const leaveBehind = (path: string, runner: object, processes: object[]) => {
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, "processes.json"), JSON.stringify({ runner, processes }));
  };
  const gone = { pid: process.pid, started: "at another time" };

  it("has its processes ended by the next one, each by the signal that ends it well", async () => {
    const path = temporaryFolder();
    const service = await sleeper();
    const database = await sleeper();
    leaveBehind(path, gone, [
      { name: "orders-1", signal: "SIGTERM", ...service.id },
      { name: "postgres", signal: "SIGINT", ...database.id },
    ]);
    await StateFolder.open(path);
    expect([isRunning(service.id), isRunning(database.id)]).toEqual([false, false]);
    expect(await service.exit).toEqual([null, "SIGTERM"]);
    expect(await database.exit).toEqual([null, "SIGINT"]);
  });

  it("has no other process ended that has got the same pid since", async () => {
    const path = temporaryFolder();
    const stranger = await sleeper();
    leaveBehind(path, gone, [
      { name: "orders-1", signal: "SIGTERM", pid: stranger.id.pid, started: "before" },
    ]);
    await StateFolder.open(path);
    expect(isRunning(stranger.id)).toBe(true);
    stranger.child.kill("SIGKILL");
    await stranger.exit;
  });

  it("is known by what was registered: the newest process of each name", async () => {
    const folder = await StateFolder.open(temporaryFolder());
    const [first, second] = [await sleeper(), await sleeper()];
    folder.register("orders-1", first.id.pid, "SIGTERM");
    folder.register("orders-1", second.id.pid, "SIGTERM");
    folder.register("nothing", undefined, "SIGTERM");
    expect(JSON.parse(readFileSync(folder.file("processes.json"), "utf8"))).toEqual({
      runner: identify(process.pid),
      processes: [{ name: "orders-1", signal: "SIGTERM", ...second.id }],
    });
    for (const { child, exit } of [first, second]) {
      child.kill("SIGKILL");
      await exit;
    }
  });
});
