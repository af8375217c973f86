import { ACCESS_TOKEN_SECONDS } from "../services/shared/lifetimes.ts";
import { RotationError } from "./error.ts";
import type { Generations, Kind, Ring } from "./ring.ts";
import { isComplete, nextStep, previousStep } from "./ring.ts";

/** A platform whose secrets can be rotated, wherever it runs. */
export interface Target {
  /** The generations that every part of it has taken. */
  read(): Promise<Generations>;
  /** Takes one step, and resolves once every part has taken it. */
  apply(kind: Kind, ring: Ring): Promise<void>;
}

export interface RotateOptions {
  /** All steps that are left, the next one, or the last one undone. */
  readonly walk: "all" | "step" | "back";
  /** Whether a signing key is retired at once, although tokens that it signed are refused then. */
  readonly now: boolean;
  /** Told what is done, one line each. */
  readonly say: (line: string) => void;
  readonly wait: (seconds: number) => Promise<void>;
}

/**
 * Walks a rotation from wherever the platform is in it.
 * @throws RotationError where the last step is to be undone and there is none
 */
export async function rotate(kind: Kind, target: Target, options: RotateOptions): Promise<void> {
  const { walk, now, say, wait } = options;
  const found = (await target.read())[kind];
  if (found === undefined)
    throw new RotationError(`this platform has no ${kind}: its logins are certificates, rotate leaves`);
  let ring = found;
  do {
    const step = walk === "back" ? previousStep(ring) : nextStep(kind, ring);
    if (step === undefined)
      throw new RotationError(
        `${kind}: generation ${ring.join()} alone is accepted, there is no step to undo`,
      );
    if (kind === "signing-keys" && step.phase === "retire" && !now) {
      say(`waiting ${ACCESS_TOKEN_SECONDS} s: so long live the tokens that the old key signed`);
      await wait(ACCESS_TOKEN_SECONDS);
    }
    say(`${kind}: ${step.phase}, ${ring.join()} -> ${step.ring.join()}`);
    await target.apply(kind, step.ring);
    ring = step.ring;
  } while (walk === "all" && !isComplete(ring));
  say(told(kind, ring));
}

/** What there is now, and what is left. */
function told(kind: Kind, ring: Ring): string {
  const [inUse, other] = ring;
  if (other === undefined) return `${kind}: generation ${inUse} is in use and accepted alone`;
  const next = nextStep(kind, ring).phase;
  return `${kind}: generation ${inUse} is in use, ${other} is accepted too; the next step is ${next}, or back`;
}
