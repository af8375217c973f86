import type { ConnectionOptions } from "node:tls";
import type { Stage } from "./stage.ts";

/** What a subject promises about the requests that it lets through. */
export type Guarantee =
  /** Anybody is answered. */
  | "none"
  /** Only the gateway's client certificate is answered. */
  | "caller"
  /** A genuine, unexpired token; a session that was ended is served until the token runs out. */
  | "token"
  /** A genuine token of a session that goes on: once its end was answered, no request is let in. */
  | "revocation";

/** Something that is measured: a way to serve the same answer. */
export interface Subject {
  readonly name: string;
  /** What it is, for the table. */
  readonly what: string;
  readonly guarantee: Guarantee;
  /** What this machine lacks for it; undefined where nothing. */
  readonly lacks?: () => Promise<string | undefined>;
  start(stage: Stage): Promise<RunningSubject>;
}

export interface RunningSubject {
  readonly url: string;
  /** The client's certificate, for subjects that ask for one. */
  readonly client?: Pick<ConnectionOptions, "cert" | "key">;
  /** Process ids: the CPU time of these and all their children is the subject's. */
  readonly processes: readonly number[];
}
