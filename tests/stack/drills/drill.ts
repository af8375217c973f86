import { z } from "zod";
import type { TestOutputs } from "../../support/outputs.ts";
import { outputsSchema } from "../../support/outputs.ts";
import type { Cluster } from "../cluster.ts";

/** What a stack tells, of what the drills need to know. */
export const stackOutputsSchema = outputsSchema.extend({
  namespace: z.string(),
  grafanaPassword: z.string().optional(),
});

export interface DrillContext {
  readonly cluster: Cluster;
  readonly outputs: TestOutputs;
  /** Names of the services. */
  readonly services: readonly string[];
  /** Deploys the same platform with other settings, with options of `pulumi up`. */
  readonly deploy: (settings: Readonly<Record<string, string>>, ...options: string[]) => Promise<void>;
  /** Takes the next step of a rotation, as `npm run rotate` does. */
  readonly rotate: (kind: string) => Promise<void>;
  /** Makes leaves look as if they had been issued that many days earlier. */
  readonly age: (days: number) => Promise<void>;
  /** Runs the suite of the gateway against the stack. */
  readonly suite: () => Promise<void>;
  /** Runs one of the project's commands against the stack, with its output shown. */
  readonly program: (script: "attack" | "chaos") => Promise<void>;
  /** What the stack tells now. */
  readonly readOutputs: () => Promise<z.infer<typeof stackOutputsSchema>>;
  /** Says what is going on. */
  readonly say: (line: string) => void;
}

/** Something that a running platform must withstand. Gives its figure in one line, and throws if it does not. */
export type Drill = (context: DrillContext) => Promise<string>;

/** The Deployments of the platform. */
export function deployments({ services }: Pick<DrillContext, "services">): string[] {
  return [...services, "gateway"];
}

/** Waits until every Deployment has its two pods, as after an `up` or a scale-down. */
export async function calm({ cluster, services }: DrillContext): Promise<void> {
  for (const deployment of deployments({ services })) await cluster.settle(deployment, 2);
}
