import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { parseMetrics } from "../../local/dashboard/metrics-text.ts";
import { alertRules } from "../../observability/alerts.ts";
import { metricsIn } from "../../observability/metrics.ts";
import { catalog } from "../../services/catalog.ts";
import { signUp } from "../support/client.ts";
import { CENTRAL_ONLY, panelLines } from "../support/panels.ts";
import type { RunningPrometheus } from "../support/prometheus.ts";
import { startPrometheus } from "../support/prometheus.ts";
import { scrapeAll } from "../support/scrape.ts";

const namesIn = (text: string) => parseMetrics(text, () => true).map(({ name }) => name);

it("every metric that a dashboard or an alert reads is there", async () => {
  const { client } = await signUp();
  await client.post("/products/milk-jug/buy");
  await client.get("/orders");
  const shown = await scrapeAll(inject("state"));
  expect([...shown.keys()].sort()).toEqual(["gateway", ...Object.keys(catalog)].sort());
  const names = new Set(["up", ...CENTRAL_ONLY, ...[...shown.values()].flatMap(namesIn)]);
  const expressions = [
    ...alertRules(catalog).groups.flatMap(({ rules }) => rules.map(({ expr }) => expr)),
    ...panelLines().map(({ expr }) => expr),
  ];
  const read = new Set(expressions.flatMap(metricsIn));
  expect(read.size).toBeGreaterThan(15);
  expect([...read].filter((name) => !names.has(name))).toEqual([]);
});

/** Debian's package prometheus has it. Left out where it is absent, but never in CI. */
const hasPrometheus =
  process.env["CI"] !== undefined || spawnSync("prometheus", ["--version"]).error === undefined;

describe.runIf(hasPrometheus)("a real Prometheus with the configuration that is written", () => {
  const patience = { timeout: 60_000, interval: 1_000 };
  let prometheus: RunningPrometheus;
  beforeAll(async () => {
    prometheus = await startPrometheus(join(inject("state"), "prometheus.yml"));
  });
  afterAll(() => prometheus.stop());

  it("reads every replica", async () => {
    const jobs = Object.keys(catalog).flatMap((job) => [`${job} 1`, `${job} 1`]);
    const up = async () =>
      (await prometheus.query("up")).map(({ metric, value }) => `${metric["job"]} ${value[1]}`).sort();
    await expect.poll(up, patience).toEqual(["gateway 1", ...jobs].sort());
  }, 90_000);

  it("has an answer for every line of every dashboard", async () => {
    const { client } = await signUp();
    const lines = panelLines();
    expect(lines.length).toBeGreaterThan(70);
    const empty = async () => {
      // A rate is there once two readings saw a counter.
      await client.post("/products/milk-jug/buy");
      await client.get("/orders");
      const answers = await Promise.all(
        lines.map(async (line) => ({ ...line, series: await prometheus.query(line.expr) })),
      );
      return answers.filter(({ series, mayBeEmpty }) => series.length === 0 && !mayBeEmpty);
    };
    await expect.poll(empty, patience).toEqual([]);
  }, 90_000);
});
