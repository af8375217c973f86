import { z } from "zod";

/** What the tests need to know of a platform, wherever it runs. */
export const outputsSchema = z.object({
  gatewayUrl: z.url(),
  gatewayHttpUrl: z.url(),
  gatewayCa: z.string(),
  adminUsername: z.string(),
  adminPassword: z.string(),
  limits: z.enum(["on", "off"]),
});
export type TestOutputs = z.infer<typeof outputsSchema>;

declare module "vitest" {
  interface ProvidedContext {
    outputs: TestOutputs;
    /** State folder of the platform that the tests started. */
    state: string;
  }
}
