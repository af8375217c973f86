import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

/** Files that become one bundle each where a folder has them: of a service itself and, with a database, its migration. */
const ENTRIES = ["main", "migrate", "restore"] as const;

/** Where the sources of a service are. */
export function sourceOf(service: string): string {
  return join(import.meta.dirname, service);
}

/**
 * Bundles programs to `main.mjs` and its like, with what they share, or load only when it is needed, in files beside them: the
 * same bytes for the same sources, with no `node_modules` where they run.
 * @param source the folder of the programs
 * @param folder where the files are written; it holds nothing else afterwards
 */
export async function bundle(source: string, folder: string): Promise<void> {
  const entryPoints = ENTRIES.map((entry) => join(source, `${entry}.ts`)).filter((file) => existsSync(file));
  await rm(folder, { recursive: true, force: true });
  await build({
    entryPoints,
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    platform: "node",
    target: "node24",
    format: "esm",
    legalComments: "none",
    logLevel: "error",
    external: ["pg-native"],
    // Of packages in both forms, modules: only what is used of them is bundled, which is a quarter of the whole.
    mainFields: ["module", "main"],
    // Dependencies in CommonJS call require, which a module does not have by itself.
    banner: {
      js: 'import { createRequire } from "node:module";\nconst require = createRequire(import.meta.url);',
    },
  });
}
