import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

/** Values of a metric's labels by the label's name. */
export type Labels<L extends string = string> = Readonly<Record<L, string>>;

/** A number that is read when somebody asks for the metrics. */
interface Watched {
  readonly labels: Labels;
  readonly read: () => number | Promise<number>;
}

/**
 * The metrics of one process of a service, in Prometheus' terms. Every series has the service's name as its label
 * `service`. Nothing here is global: an app in a test has metrics of its own.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #watched = new Map<string, Watched[]>();

  constructor(service: string) {
    this.#registry.setDefaultLabels({ service });
  }

  /** Adds what Node and the operating system tell of the process: memory, CPU, event loop, garbage collection. */
  addProcessMetrics(): void {
    collectDefaultMetrics({ register: this.#registry });
  }

  /**
   * A count of events.
   * @param known label values that are shown as 0 from the start: without it, the first event is no increase
   */
  counter<L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[] = [],
    known: readonly Labels<L>[] = [],
  ): Counter<L> {
    const counter = new Counter({ name, help, labelNames, registers: [this.#registry] });
    for (const labels of known) counter.inc(labels, 0);
    return counter;
  }

  /** A distribution of durations in seconds. */
  histogram<L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    buckets: readonly number[],
  ): Histogram<L> {
    return new Histogram({ name, help, labelNames, buckets: [...buckets], registers: [this.#registry] });
  }

  /** Shows a number that is read anew for each scrape; NaN, which no alert rule matches, while it cannot be read. */
  watch(name: string, help: string, labels: Labels, read: Watched["read"]): void {
    const others = this.#watched.get(name);
    if (others !== undefined) {
      others.push({ labels, read });
      return;
    }
    const watched: Watched[] = [{ labels, read }];
    this.#watched.set(name, watched);
    new Gauge({
      name,
      help,
      labelNames: Object.keys(labels),
      registers: [this.#registry],
      async collect() {
        await Promise.all(watched.map(async (one) => this.set(one.labels, await valueOf(one))));
      },
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All metrics in Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}

async function valueOf({ read }: Watched): Promise<number> {
  try {
    return await read();
  } catch {
    return Number.NaN;
  }
}
