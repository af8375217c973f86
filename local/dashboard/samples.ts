import type { Series } from "./metrics-text.ts";

/** What the processes said of themselves at one time; one that did not answer is not in it. */
export interface Sample {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** By the process' name. */
  readonly series: ReadonlyMap<string, readonly Series[]>;
}

/** By how much one series grew. */
export interface Increase {
  readonly process: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly perSecond: number;
}

/** Two samples, and what happened between them. */
export class Window {
  readonly #from: Sample;
  readonly #to: Sample;
  /** Values of the former sample by process and key, for those that were asked for. */
  readonly #indices = new Map<string, ReadonlyMap<string, number>>();

  constructor(from: Sample, to: Sample) {
    this.#from = from;
    this.#to = to;
  }

  /** The latest value of every series of a metric. */
  latest(name: string): (Series & { readonly process: string })[] {
    return [...this.#to.series].flatMap(([process, series]) =>
      series.filter((one) => one.name === name).map((one) => ({ ...one, process })),
    );
  }

  /** How a counter grew. A process that began anew counts from 0; one that did not answer before is left out. */
  increases(name: string): Increase[] {
    const seconds = (this.#to.at - this.#from.at) / 1000;
    if (seconds <= 0) return [];
    return this.latest(name).flatMap(({ process, key, labels, value }) => {
      const before = this.#before(process);
      if (before === undefined) return [];
      const former = before.get(key) ?? 0;
      return [{ process, labels, perSecond: (value < former ? value : value - former) / seconds }];
    });
  }

  #before(process: string): ReadonlyMap<string, number> | undefined {
    const series = this.#from.series.get(process);
    if (series === undefined) return undefined;
    const index = this.#indices.get(process) ?? new Map(series.map(({ key, value }) => [key, value]));
    this.#indices.set(process, index);
    return index;
  }
}

/** Milliseconds between two readings. */
const INTERVAL = 2_000;
/** Milliseconds over which rates are taken: long enough to be steady, short enough to be of now. */
const RATES_OVER = 10_000;
/** Milliseconds that the charts go back. */
export const HISTORY = 120_000;

/** One point of the charts. */
export type Point<P> = P & { readonly at: number };

/**
 * Reads metrics when somebody looks, at most once an interval however many do: nobody looking costs nothing.
 * The last minutes are kept as points.
 */
export class Sampler<P> {
  readonly #read: () => Promise<Sample["series"]>;
  readonly #summarize: (window: Window) => P;
  readonly #now: () => number;
  #samples: Sample[] = [];
  #points: Point<P>[] = [];
  #reading: Promise<void> | undefined;

  /** @param summarize what of a window is kept for the charts */
  constructor(
    read: () => Promise<Sample["series"]>,
    summarize: (window: Window) => P,
    now: () => number = Date.now,
  ) {
    this.#read = read;
    this.#summarize = summarize;
    this.#now = now;
  }

  /** What happened lately, and the points before. */
  async look(): Promise<{ window: Window; points: readonly Point<P>[] }> {
    const last = this.#samples.at(-1);
    // A page asks as often as this reads: a little early must not mean an interval late.
    if (last === undefined || this.#now() - last.at > INTERVAL * 0.8)
      await (this.#reading ??= this.#sample().finally(() => (this.#reading = undefined)));
    return { window: this.#window(), points: this.#points };
  }

  async #sample(): Promise<void> {
    const series = await this.#read();
    const at = this.#now();
    const before = this.#samples.at(-1);
    const recent = this.#samples.filter((sample) => at - sample.at <= RATES_OVER);
    // After a pause in which nobody looked, the rates are those since then.
    this.#samples = [...(recent.length > 0 || before === undefined ? recent : [before]), { at, series }];
    this.#points = this.#points.filter((point) => at - point.at <= HISTORY);
    if (this.#samples.length > 1) this.#points.push({ ...this.#summarize(this.#window()), at });
  }

  #window(): Window {
    const [from] = this.#samples;
    const to = this.#samples.at(-1);
    if (from === undefined || to === undefined) throw new Error("no metrics were read yet");
    return new Window(from, to);
  }
}
