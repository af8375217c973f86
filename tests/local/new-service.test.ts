import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { expect, it } from "vitest";
import { expectJson, signUp, TestClient } from "../support/client.ts";
import { startRunner } from "../support/runner.ts";

it("a microservice is added as docs/adding-a-microservice.md says", { timeout: 120_000 }, async () => {
  const root = mkdtempSync(join(tmpdir(), "gatehouse-service-"));
  const clone = join(root, "clone");
  copyProject(clone);
  const guide = readFileSync("docs/adding-a-microservice.md", "utf8");
  for (const { file, code } of blocks(guide, "file")) {
    mkdirSync(dirname(join(clone, file)), { recursive: true });
    writeFileSync(join(clone, file), code);
  }
  for (const { file, code } of blocks(guide, "entry-of")) addEntry(join(clone, file), code);
  execFileSync(process.execPath, ["node_modules/typescript/bin/tsc"], { cwd: clone, stdio: "inherit" });

  const runner = startRunner(join(root, "state"), ["--replicas", "1"], {}, clone);
  const outputs = await runner.ready();
  const { client, id } = await signUp(outputs);
  expect(expectJson(await client.get("/greetings"), 200)).toEqual({ greeting: `Hello, ${id}.` });
  expect((await new TestClient({ outputs }).get("/greetings")).status).toBe(401);
  expectJson(await new TestClient({ outputs }).get("/greetings/openapi.json"), 200);
  expectJson(await client.get("/greetings/fail"), 200);
  runner.child.kill("SIGTERM");
  expect(await runner.ended()).toBe(0);
  rmSync(root, { recursive: true, force: true });
});

function copyProject(to: string): void {
  const left = new Set(["node_modules", ".git", ".local"]);
  cpSync(".", to, { recursive: true, filter: (source) => !left.has(basename(source)) });
  symlinkSync(resolve("node_modules"), join(to, "node_modules"));
}

/** The fenced blocks of a document that name a file. */
function blocks(text: string, key: "file" | "entry-of"): { file: string; code: string }[] {
  const found = [...text.matchAll(new RegExp(`^\`\`\`ts ${key}=(\\S+)\\n([^]*?)^\`\`\`$`, "gm"))];
  expect(found).not.toEqual([]);
  return found.map(([, file = "", code = ""]) => ({ file, code }));
}

function addEntry(file: string, entry: string): void {
  const text = readFileSync(file, "utf8");
  const end = text.lastIndexOf("});");
  writeFileSync(file, text.slice(0, end) + entry + text.slice(end));
}
