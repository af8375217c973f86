import type { Answer, Target } from "./target.ts";

/** A request that was answered. */
export interface Outcome {
  readonly kind: string;
  /** From when it was due until its answer. */
  readonly milliseconds: number;
  /** Whether the answer came while requests came. */
  readonly inTime: boolean;
}

/** What became of requests that came at a steady rate. */
export interface Arrivals {
  /** In which requests came. */
  readonly seconds: number;
  /** The part of the requests due that was sent. */
  readonly sent: number;
  /** Those answered with 2xx. */
  readonly good: readonly Outcome[];
  /** 429 and 503 that say when to come back. */
  readonly refused: readonly Outcome[];
  /** Everything else by what it was, such as `read 502`, `read 503 without Retry-After` or `ECONNRESET`. */
  readonly others: ReadonlyMap<string, number>;
}

/** Good answers a second, while requests came. */
export function goodput({ good, seconds }: Pick<Arrivals, "good" | "seconds">): number {
  return good.filter(({ inTime }) => inTime).length / seconds;
}

export function timesOf(outcomes: readonly Outcome[]): number[] {
  return outcomes.map(({ milliseconds }) => milliseconds);
}

/** Counts what comes back. */
export class Counts {
  readonly good: Outcome[] = [];
  readonly refused: Outcome[] = [];
  readonly others = new Map<string, number>();
  /** While requests come. */
  open = true;

  /** @param due when the request was due, as performance.now() tells the time */
  answered({ kind: named, path }: Target, { status, retryAfter }: Answer, due: number): void {
    const kind = named ?? path;
    const outcome = { kind, milliseconds: performance.now() - due, inTime: this.open };
    const refusal = status === 429 || status === 503;
    if (status >= 200 && status < 300) this.good.push(outcome);
    else if (refusal && retryAfter) this.refused.push(outcome);
    else this.#other(`${kind} ${status}${refusal ? " without Retry-After" : ""}`);
  }

  failed(error: unknown): void {
    this.#other((error as NodeJS.ErrnoException).code ?? String(error));
  }

  #other(what: string): void {
    this.others.set(what, (this.others.get(what) ?? 0) + 1);
  }
}
