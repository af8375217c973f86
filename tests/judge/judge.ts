import type { TestPlatform } from "../support/platform.ts";
import type { RenderedStack } from "./stacks.ts";

/** One thing that a judge finds wrong. */
export interface Complaint {
  /** The judge's own name of the rule. */
  readonly check: string;
  /** What breaks it: `Deployment/orders`, `GET /orders`, `gateway`. */
  readonly object: string;
  readonly detail: string;
}

export interface Verdict {
  /** What was judged, in figures. */
  readonly judged: string;
  readonly complaints: readonly Complaint[];
}

/** What there is to judge; each is made on first use. */
export interface Subjects {
  /** A local platform without limits. */
  readonly platform: () => Promise<TestPlatform>;
  /** Every stack as YAML. */
  readonly stacks: () => Promise<readonly RenderedStack[]>;
}

/** A program that others wrote, and what of ours it judges. */
export interface Judge {
  /** Installs the program where it is not there yet and gives its path. @throws MissingTool */
  readonly tool: () => Promise<string>;
  readonly judge: (tool: string, subjects: Subjects) => Promise<Verdict>;
}
