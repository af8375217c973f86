import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";

/** What the tests need to know of a platform, wherever it runs. */
export const outputsSchema = z.object({
  gatewayUrl: z.url(),
  gatewayHttpUrl: z.url(),
  gatewayCa: z.string(),
  adminUsername: z.string(),
  adminPassword: z.string(),
  limits: z.enum(["on", "off", "central"]),
});
export type TestOutputs = z.infer<typeof outputsSchema>;

/** The state folder that an outputs file stands in, where it stands in that of a platform which runs on this machine. */
export function stateOf(outputsFile: string): string | undefined {
  const folder = dirname(outputsFile);
  return existsSync(join(folder, "processes.json")) ? folder : undefined;
}

declare module "vitest" {
  interface ProvidedContext {
    outputs: TestOutputs;
    /** State folder of the platform under test; empty where it runs elsewhere. */
    state: string;
  }
}
