/** The part of a JSON Schema that the documents use. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly example?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

/** Texts that mean something to some parser behind: SQL, templates, shells, paths, encodings. */
export const hostile: readonly string[] = [
  "' or '1'='1",
  "'; drop table users; --",
  '" or ""="',
  "1; select pg_sleep(5)",
  "x' union select null, null --",
  "$1",
  "%",
  "_",
  "\\",
  "\\x00",
  "${7*7}",
  "{{7*7}}",
  "$(sleep 5)",
  "`sleep 5`",
  "../../../etc/passwd",
  "<script>alert(1)</script>",
  "\r\nX-User-Role: admin",
  "a\0b",
  "\ud800",
  "\u202eadmin",
  "\ufeffadmin",
  "ﬁﬂ ﷺ",
  "𝓪𝓭𝓶𝓲𝓷",
  "👩‍👩‍👧‍👦".repeat(8),
  "é".normalize("NFD").repeat(20),
  "true",
  "null",
  "NaN",
  "-0",
  "1e309",
  "0x10",
  "１２",
  "constructor",
  "__proto__",
];

/** Values that a schema rules out: other types, what is beyond each range, and sizes beyond each length. */
export function wrongFor(schema: Schema): unknown[] {
  const types: unknown[] = [null, true, [], {}, [["x"]]];
  if (schema.type === "integer" || schema.type === "number") {
    const { minimum = -Infinity, maximum = Infinity } = schema;
    const numbers = [minimum - 1, maximum + 1, -1, 0, 1.5, 1e15, -1e15, 2 ** 31, 2 ** 53, 1e300].filter(
      Number.isFinite,
    );
    return [
      ...types,
      "x",
      "1",
      ...numbers.filter((value) => value < minimum || value > maximum || !Number.isInteger(value)),
    ];
  }
  const sizes = [
    (schema.minLength ?? 1) - 1,
    schema.maxLength === undefined ? undefined : schema.maxLength + 1,
    60_000,
  ];
  const texts = sizes.flatMap((size) => (size === undefined ? [] : ["x".repeat(size)]));
  const { pattern } = schema;
  const form = pattern === undefined ? undefined : new RegExp(pattern, "u");
  const limited = schema.maxLength !== undefined || form !== undefined;
  const wrong = (text: string) =>
    (schema.minLength !== undefined && text.length < schema.minLength) ||
    (schema.maxLength !== undefined && text.length > schema.maxLength) ||
    (form !== undefined && !form.test(text));
  return [...types, 1, 1e300, ...(limited ? texts.filter(wrong) : [])];
}
