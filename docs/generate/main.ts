import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { configurationPage } from "./configuration.ts";

/** `npm run docs`: writes the pages that are made from the code. */
writeFileSync(join(import.meta.dirname, "../configuration.md"), configurationPage());
