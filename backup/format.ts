import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { z } from "zod";
import { BackupError } from "./error.ts";

/** Raised when what is in the file changes so that an older or newer program would misread it. */
export const FORMAT = 1;

/** Values as the database writes them. */
export type Row = readonly (string | null)[];

const tableShape = z.strictObject({ name: z.string(), columns: z.array(z.string()).min(1) });
export type TableShape = z.infer<typeof tableShape>;

const databaseShape = z.strictObject({
  name: z.string(),
  /** The migrations that it had had, in their order. */
  migrations: z.array(z.string()),
  /** In the order in which they are in the file: a table after those that it refers to. */
  tables: z.array(tableShape),
});
export type DatabaseShape = z.infer<typeof databaseShape>;

const mark = z.object({ gatehouse: z.literal("backup"), format: z.number() });
const headerSchema = z.strictObject({
  gatehouse: z.literal("backup"),
  format: z.literal(FORMAT),
  /** The instant as of which all databases are. */
  takenAt: z.iso.datetime(),
  databases: z.array(databaseShape),
});
export type Header = z.infer<typeof headerSchema>;

const sectionSchema = z.strictObject({ database: z.string(), table: z.string() });
const trailerSchema = z.strictObject({
  rows: z.number().int(),
  /** Of every byte before this line, before compression. */
  sha256: z.string(),
});

/** The rows of a table, or a part of them. */
export interface Section {
  readonly database: string;
  readonly table: TableShape;
  readonly rows: readonly Row[];
}

/**
 * Writes a backup: JSON lines, compressed. First the header, then for each table its name and a line for every row,
 * last the number of rows and a hash of it all. Only its owner may read the file, which must not exist.
 */
export async function writeBackup(
  file: string,
  header: Omit<Header, "gatehouse" | "format">,
  sections: AsyncIterable<Section> | Iterable<Section>,
): Promise<{ rows: number }> {
  const hash = createHash("sha256");
  let rows = 0;
  const line = (value: unknown) => {
    const text = `${JSON.stringify(value)}\n`;
    hash.update(text);
    return text;
  };
  async function* lines() {
    yield line({ gatehouse: "backup", format: FORMAT, ...header } satisfies Header);
    for await (const { database, table, rows: part } of sections) {
      rows += part.length;
      yield line({ database, table: table.name }) + part.map(line).join("");
    }
    yield line({ rows, sha256: hash.copy().digest("hex") });
  }
  // On the disk, and not only in its cache, before anybody relies on it.
  await pipeline(lines, createGzip(), createWriteStream(file, { flags: "wx", mode: 0o600, flush: true }));
  return { rows };
}

/** What is done with a backup while it is read. */
export interface BackupReader {
  header?(header: Header): void;
  section?(section: Section): Promise<void>;
}

/**
 * Reads a backup from end to end. What the reader was told is right only once this has resolved: the hash is last.
 * @param batch most rows of a section
 * @throws BackupError where the file is none, of another format, damaged or cut off
 */
export async function readBackup(
  file: string,
  reader: BackupReader = {},
  batch = 500,
): Promise<{ header: Header; rows: number }> {
  const contents = new Contents(file, reader, batch);
  try {
    await pipeline(createReadStream(file), createGunzip(), async (chunks: AsyncIterable<Buffer>) => {
      for await (const line of linesOf(chunks)) await contents.take(line);
    });
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    if (code.startsWith("Z_")) throw new BackupError(`${file} is no backup, damaged or cut off (${message})`);
    if (code === "ENOENT") throw new BackupError(`there is no file ${file}`);
    throw error;
  }
  return contents.end();
}

/** Lines with their ends; the last may have none. */
async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      yield Buffer.concat([...rest, chunk.subarray(start, end + 1)]);
      rest = [];
      start = end + 1;
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
  }
  if (rest.length > 0) yield Buffer.concat(rest);
}

/** What has been read of a backup so far. */
class Contents {
  readonly #file: string;
  readonly #reader: BackupReader;
  readonly #batch: number;
  readonly #hash = createHash("sha256");
  #header: Header | undefined;
  #section: { database: string; table: TableShape; rows: Row[] } | undefined;
  #rows = 0;
  #complete = false;

  constructor(file: string, reader: BackupReader, batch: number) {
    this.#file = file;
    this.#reader = reader;
    this.#batch = batch;
  }

  async take(line: Buffer): Promise<void> {
    if (this.#complete) throw this.#damaged("something follows its end");
    const value = this.#parse(line);
    if (this.#header === undefined) this.#begin(value);
    else if (Array.isArray(value)) await this.#row(value);
    else if (await this.#end(value)) return;
    this.#hash.update(line);
  }

  end(): { header: Header; rows: number } {
    if (this.#header === undefined || !this.#complete) throw this.#damaged("its end is missing");
    return { header: this.#header, rows: this.#rows };
  }

  #parse(line: Buffer): unknown {
    try {
      return JSON.parse(line.toString());
    } catch {
      throw this.#damaged("a line is no JSON");
    }
  }

  #begin(value: unknown): void {
    const { data: marked } = mark.safeParse(value);
    if (marked === undefined) throw new BackupError(`${this.#file} is no backup of Gatehouse`);
    if (marked.format !== FORMAT)
      throw new BackupError(
        `${this.#file} is of format ${marked.format}, this program knows format ${FORMAT}: restore it with the version that wrote it`,
      );
    const { data: header } = headerSchema.safeParse(value);
    if (header === undefined) throw this.#damaged("its header cannot be read");
    this.#header = header;
    this.#reader.header?.(header);
  }

  async #row(value: unknown[]): Promise<void> {
    const section = this.#section;
    if (section === undefined) throw this.#damaged("a row has no table");
    const fits = value.length === section.table.columns.length;
    if (!fits || !value.every(isValue)) throw this.#damaged(`a row of ${section.table.name} does not fit`);
    section.rows.push(value);
    this.#rows += 1;
    if (section.rows.length >= this.#batch) await this.#deliver();
  }

  /** A line that is neither header nor row: the next table, or the end. @returns whether it is the end */
  async #end(value: unknown): Promise<boolean> {
    await this.#deliver();
    const { data: next } = sectionSchema.safeParse(value);
    if (next !== undefined) {
      this.#section = { database: next.database, table: this.#tableOf(next), rows: [] };
      return false;
    }
    const { data: trailer } = trailerSchema.safeParse(value);
    if (trailer?.sha256 !== this.#hash.copy().digest("hex") || trailer.rows !== this.#rows)
      throw this.#damaged("what it holds is not what was written");
    this.#complete = true;
    return true;
  }

  async #deliver(): Promise<void> {
    if (this.#section === undefined || this.#section.rows.length === 0) return;
    await this.#reader.section?.(this.#section);
    this.#section = { ...this.#section, rows: [] };
  }

  #tableOf({ database, table }: z.infer<typeof sectionSchema>): TableShape {
    const found = this.#header?.databases
      .find(({ name }) => name === database)
      ?.tables.find(({ name }) => name === table);
    if (found === undefined) throw this.#damaged(`its header has no table ${database}.${table}`);
    return found;
  }

  #damaged(how: string): BackupError {
    return new BackupError(`${this.#file} is damaged or cut off: ${how}`);
  }
}

function isValue(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}
