import { resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseOptions } from "./options.ts";

class Exit extends Error {
  readonly code: unknown;
  constructor(code: unknown) {
    super(`exit ${String(code)}`);
    this.code = code;
  }
}

let printed = "";
beforeEach(() => {
  printed = "";
  const print = (text: unknown) => {
    printed += String(text);
    return true;
  };
  vi.spyOn(process.stderr, "write").mockImplementation(print);
  vi.spyOn(process.stdout, "write").mockImplementation(print);
  vi.spyOn(process, "exit").mockImplementation((code) => {
    throw new Exit(code);
  });
});
afterEach(() => vi.restoreAllMocks());

/** The code with which wrong input ends the process. */
function exitCodeOf(...argv: string[]): unknown {
  try {
    parseOptions(argv, {});
    return "it goes on";
  } catch (error) {
    return (error as Exit).code;
  }
}

describe("the options of npm start", () => {
  it("have defaults that are what the reference shows", () => {
    expect(parseOptions([], {})).toEqual({
      port: 8443,
      httpPort: undefined,
      state: resolve(".local"),
      replicas: 2,
      limits: "on",
      limitStoreFailure: "local",
      checks: "service",
      drills: true,
      logs: false,
      roleRefusal: "401",
      databaseUrl: undefined,
    });
  });

  it("are what is given", () => {
    const argv =
      "--port 0 --http-port 8081 --dashboard-port 0 --traces dashboard --state elsewhere --replicas 3 " +
      "--limits central --limit-store-failure open --checks service --drills off";
    const environment = { DATABASE_URL: "postgresql://root@db/defaultdb" };
    expect(parseOptions([...argv.split(" "), "--role-refusal=403", "--logs"], environment)).toEqual({
      port: 0,
      httpPort: 8081,
      dashboardPort: 0,
      traces: "dashboard",
      state: resolve("elsewhere"),
      replicas: 3,
      limits: "central",
      limitStoreFailure: "open",
      checks: "service",
      drills: false,
      logs: true,
      roleRefusal: "403",
      databaseUrl: "postgresql://root@db/defaultdb",
    });
  });

  it("leave the dashboard out on request", () => {
    expect(parseOptions(["--dashboard-port", "off"], {}).dashboardPort).toBe("off");
  });

  it.each([
    ["--port", "-1"],
    ["--port", "65536"],
    ["--port", "http"],
    ["--port", "80.5"],
    ["--port", ""],
    ["--port", " "],
    ["--http-port", "x"],
    ["--dashboard-port", "on"],
    ["--traces", "localhost:4318"],
    ["--replicas", "0"],
    ["--replicas", "9"],
    ["--replicas", "two"],
    ["--limits", "true"],
    ["--limit-store-failure", "on"],
    ["--checks", "plugin"],
    ["--drills", "yes"],
    ["--role-refusal", "404"],
  ])("refuse %s %j with exit code 2 and name the flag", (flag, value) => {
    expect(exitCodeOf(`${flag}=${value}`)).toBe(2);
    expect(printed).toContain(flag);
  });

  it("remember sessions at the gateway on request, but not with limits that are counted by the check", () => {
    expect(parseOptions(["--checks", "gateway", "--limits", "off"], {}).checks).toBe("gateway");
    expect(exitCodeOf("--checks", "gateway", "--limits", "central")).toBe(2);
    expect(printed).toContain("--checks gateway with --limits central");
  });

  it("refuse what they do not know, with exit code 2", () => {
    expect(exitCodeOf("--prot", "80")).toBe(2);
    expect(printed).toContain("--prot");
    expect(exitCodeOf("start")).toBe(2);
    expect(exitCodeOf("--port")).toBe(2);
  });

  it("say on --help what there is, with exit code 0", () => {
    expect(exitCodeOf("--help")).toBe(0);
    for (const word of ["--port", "--state", "--replicas", "--limits", "--drills", "DATABASE_URL"])
      expect(printed).toContain(word);
  });
});
