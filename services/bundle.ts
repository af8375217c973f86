import { existsSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

/** Files of a service that become one bundle each: the service itself and, with a database, its migration. */
const ENTRIES = ["main", "migrate"] as const;

/**
 * Bundles a service to `main.mjs` (and `migrate.mjs`), each complete in one file: the same bytes for the same
 * sources, with no `node_modules` where it runs.
 * @param folder where the files are written
 */
export async function bundleService(service: string, folder: string): Promise<void> {
  const source = join(import.meta.dirname, service);
  const entryPoints = ENTRIES.map((entry) => join(source, `${entry}.ts`)).filter((file) => existsSync(file));
  await build({
    entryPoints,
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
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
