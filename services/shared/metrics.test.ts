import { describe, expect, it } from "vitest";
import { Metrics } from "./metrics.ts";

const linesOf = async (metrics: Metrics) =>
  (await metrics.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));

describe("the metrics of a service", () => {
  it("carry its name, and are no one else's", async () => {
    const [one, other] = [new Metrics("orders"), new Metrics("orders")];
    one.counter("events_total", "Events").inc(2);
    other.counter("events_total", "Events").inc(5);
    expect(await linesOf(one)).toEqual(['events_total{service="orders"} 2']);
    expect(await linesOf(other)).toEqual(['events_total{service="orders"} 5']);
  });

  it("show a counter's known labels before the first event, so that it is an increase", async () => {
    const metrics = new Metrics("orders");
    const events = metrics.counter("events_total", "Events", ["kind"], [{ kind: "a" }, { kind: "b" }]);
    events.inc({ kind: "b" });
    expect(await linesOf(metrics)).toEqual([
      'events_total{kind="a",service="orders"} 0',
      'events_total{kind="b",service="orders"} 1',
    ]);
  });

  it("read a watched number anew each time, under one name for several", async () => {
    const metrics = new Metrics("orders");
    let queue = 1;
    metrics.watch("queue", "Length", { end: "in" }, () => queue);
    metrics.watch("queue", "Length", { end: "out" }, () => Promise.resolve(7));
    expect(await linesOf(metrics)).toContain('queue{end="in",service="orders"} 1');
    queue = 3;
    expect(await linesOf(metrics)).toEqual([
      'queue{end="in",service="orders"} 3',
      'queue{end="out",service="orders"} 7',
    ]);
  });

  it("stay readable while a number cannot be read", async () => {
    const metrics = new Metrics("orders");
    metrics.watch("rows", "Rows", {}, () => Promise.reject(new Error("no database")));
    metrics.counter("events_total", "Events").inc();
    expect(await linesOf(metrics)).toEqual([
      'rows{service="orders"} Nan',
      'events_total{service="orders"} 1',
    ]);
  });

  it("tell of the process where they are asked to", async () => {
    const metrics = new Metrics("orders");
    metrics.addProcessMetrics();
    const names = new Set((await linesOf(metrics)).map((line) => /^\w+/.exec(line)?.[0]));
    for (const name of [
      "process_cpu_seconds_total",
      "process_resident_memory_bytes",
      "nodejs_eventloop_lag_p99_seconds",
      "nodejs_heap_size_used_bytes",
    ]) {
      expect(names).toContain(name);
    }
  });
});
