import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { Row, Section } from "./format.ts";
import { readBackup, writeBackup } from "./format.ts";

const TAKEN_AT = "2026-01-02T03:04:05.678Z";

let file: string;
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-format-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  file = join(folder, "backup");
});

const shape = (name: string, width: number) => ({
  name,
  columns: Array.from({ length: width }, (_, column) => `c${column}`),
});
const headerOf = (tables: { name: string; columns: string[] }[]) => ({
  takenAt: TAKEN_AT,
  databases: [{ name: "shop", migrations: ["001_first"], tables }],
});

async function write(...tables: { name: string; columns: string[]; rows: Row[] }[]): Promise<void> {
  rmSync(file, { force: true });
  const shapes = tables.map(({ name, columns }) => ({ name, columns }));
  const sections = tables.map(({ rows, ...table }): Section => ({ database: "shop", table, rows }));
  await writeBackup(file, headerOf(shapes), sections);
}

async function read(batch?: number): Promise<Map<string, Row[]>> {
  const found = new Map<string, Row[]>();
  await readBackup(
    file,
    {
      section({ table, rows }) {
        found.set(table.name, [...(found.get(table.name) ?? []), ...rows]);
        return Promise.resolve();
      },
    },
    batch,
  );
  return found;
}

/** Rewrites the lines of the file, as somebody with an editor would. */
function edit(change: (lines: string[]) => string[]): void {
  const lines = gunzipSync(readFileSync(file))
    .toString()
    .split(/(?<=\n)/);
  writeFileSync(file, gzipSync(change(lines).join("")));
}

describe("a backup's file", () => {
  it("gives back every row as it was written, in batches of any size", async () => {
    // What a database can store as text: no lone surrogates, no null character.
    const text = fc.string({ unit: "grapheme" }).filter((value) => !value.includes("\0"));
    const value = fc.oneof(
      fc.constant(null),
      text,
      fc.constantFrom("", "null", "\n", "\u2028", "[", '"', "\\N"),
    );
    const table = fc.integer({ min: 1, max: 5 }).chain((width) =>
      fc.array(fc.array(value, { minLength: width, maxLength: width }), { maxLength: 20 }).map((rows) => ({
        width,
        rows,
      })),
    );
    await fc.assert(
      fc.asyncProperty(table, table, fc.integer({ min: 1, max: 7 }), async (one, other, batch) => {
        await write(
          { ...shape("one", one.width), rows: one.rows },
          { ...shape("other", other.width), rows: other.rows },
        );
        const found = await read(batch);
        expect(found.get("one") ?? []).toEqual(one.rows);
        expect(found.get("other") ?? []).toEqual(other.rows);
      }),
    );
  });

  it("is for its owner's eyes only, and never written over another", async () => {
    await write({ ...shape("one", 1), rows: [["a"]] });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await expect(writeBackup(file, headerOf([]), [])).rejects.toMatchObject({ code: "EEXIST" });
  });
});

describe("a damaged file", () => {
  const rows: Row[] = Array.from({ length: 15 }, (_, index) => [`row ${index}`, null]);
  beforeEach(() => write({ ...shape("one", 2), rows }));

  it("is noticed wherever it is cut off", async () => {
    const whole = readFileSync(file);
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(file, whole.subarray(0, length));
      await expect(readBackup(file), `${length} of ${whole.length} bytes`).rejects.toThrow(/cut off|its end/);
    }
  });

  it("is noticed wherever a byte of what it holds is another", async () => {
    const whole = gunzipSync(readFileSync(file));
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 1;
      writeFileSync(file, gzipSync(changed));
      await expect(readBackup(file), `byte ${at}`).rejects.toThrow();
    }
  });

  it.each<[string, (lines: string[]) => string[], RegExp]>([
    ["lacks a row", (lines) => lines.toSpliced(5, 1), /not what was written/],
    ["has a row twice", (lines) => lines.toSpliced(5, 0, lines[5] ?? ""), /not what was written/],
    [
      "has its rows in another order",
      ([a = "", b = "", c = "", d = "", ...rest]) => [a, b, d, c, ...rest],
      /not what/,
    ],
    ["lacks its trailer", (lines) => lines.slice(0, -1), /its end is missing/],
    ["goes on after its trailer", (lines) => [...lines, '["more"]\n'], /something follows its end/],
    ["has a row that is too long", (lines) => lines.with(3, '["a","b","c"]\n'), /does not fit/],
    ["has a row of numbers", (lines) => lines.with(3, "[1,2]\n"), /does not fit/],
    [
      "speaks of a table that is not in its header",
      (lines) => lines.with(1, '{"database":"shop","table":"x"}\n'),
      /no table/,
    ],
    ["has a row before any table", (lines) => lines.toSpliced(1, 1), /has no table/],
    [
      "has a header without databases",
      (lines) => lines.with(0, '{"gatehouse":"backup","format":1}\n'),
      /header/,
    ],
  ])("is noticed where it %s", async (_how, change, words) => {
    edit(change);
    await expect(readBackup(file)).rejects.toThrow(words);
  });
});

describe("a file that is something else", () => {
  it.each<[string, () => void, RegExp]>([
    ["is not there", () => undefined, /there is no file/],
    ["is no gzip", () => writeFileSync(file, "hello"), /is no backup/],
    ["is another gzip", () => writeFileSync(file, gzipSync("{}\n")), /no backup of Gatehouse/],
    [
      "is of another format",
      () => writeFileSync(file, gzipSync('{"gatehouse":"backup","format":2,"unheard":"of"}\n')),
      /of format 2, this program knows format 1/,
    ],
  ])("is refused where it %s", async (_what, make, words) => {
    make();
    await expect(readBackup(file)).rejects.toThrow(words);
  });
});
