import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { logText } from "./log-lines.ts";

/** What secrets look like, whoever's they are. */
const forms: Readonly<Record<string, RegExp>> = {
  "a token": /eyJ[\w-]{10,}\.eyJ/,
  "a password's hash": /\$argon2id\$/,
  "a private key": /PRIVATE KEY/,
  "a signing key": /"d":"[\w-]{40,}"/,
  "an Authorization header": /Bearer [\w-]/,
};

/** Names the secrets that are in a platform's logs: by their forms, and the platform's own as they are. */
export function secretsInLogs(state: string): string[] {
  const text = logText(state);
  const folder = join(state, "secrets");
  const files = readdirSync(folder);
  if (files.length === 0) throw new Error(`there are no secrets in ${folder} to look for`);
  const own = files.filter((file) => text.includes(readFileSync(join(folder, file), "utf8").trim()));
  const found = Object.entries(forms).filter(([, form]) => form.test(text));
  return [...found.map(([name]) => name), ...own];
}
