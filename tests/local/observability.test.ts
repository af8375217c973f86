import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { request } from "undici";
import { expect, inject, it, onTestFinished } from "vitest";
import { z } from "zod";
import { parseMetrics } from "../../local/dashboard/metrics-text.ts";
import { freePorts } from "../../local/ports.ts";
import { alertRules } from "../../observability/alerts.ts";
import { dashboards } from "../../observability/dashboards.ts";
import { metricsIn } from "../../observability/metrics.ts";
import { catalog } from "../../services/catalog.ts";
import { signUp } from "../support/client.ts";
import { scrapeAll } from "../support/scrape.ts";
import { eventually } from "../support/wait.ts";

/** What there is only where limits are central; services/authentication/limits/metrics.test.ts sees to these. */
const CENTRAL_ONLY = ["gatehouse_limiter_store_up", "gatehouse_limiter_decisions_total"];

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
    ...dashboards(catalog).flatMap(({ panels }) =>
      panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ),
  ];
  const read = new Set(expressions.flatMap(metricsIn));
  expect(read.size).toBeGreaterThan(15);
  expect([...read].filter((name) => !names.has(name))).toEqual([]);
});

/** Debian's package prometheus has it. Left out where it is absent, but never in CI. */
const hasPrometheus =
  process.env["CI"] !== undefined || spawnSync("prometheus", ["--version"]).error === undefined;

it.runIf(hasPrometheus)(
  "a real Prometheus reads every replica with the configuration that is written",
  async () => {
    const [port = 0] = await freePorts(1);
    const data = mkdtempSync(join(tmpdir(), "gatehouse-prometheus-"));
    const configuration = join(inject("state"), "prometheus.yml");
    const prometheus = spawn(
      "prometheus",
      [
        `--config.file=${configuration}`,
        `--storage.tsdb.path=${data}`,
        `--web.listen-address=127.0.0.1:${port}`,
        "--log.level=error",
      ],
      { stdio: "inherit" },
    );
    onTestFinished(async () => {
      prometheus.kill("SIGKILL");
      await once(prometheus, "exit");
      rmSync(data, { recursive: true, force: true });
    });
    const up = await eventually(
      "every replica read",
      async () => {
        const answer = await request(`http://127.0.0.1:${port}/api/v1/query?query=up`).catch(() => undefined);
        // It answers 503 in plain text while it starts.
        if (answer?.statusCode !== 200) return undefined;
        const { data: found } = queryAnswer.parse(await answer.body.json());
        const jobs = found.result.map(({ metric, value }) => `${metric.job} ${value[1]}`);
        return jobs.length === 1 + 2 * Object.keys(catalog).length && !jobs.some((job) => job.endsWith(" 0"))
          ? jobs
          : undefined;
      },
      60_000,
    );
    expect(new Set(up)).toEqual(new Set(["gateway 1", ...Object.keys(catalog).map((job) => `${job} 1`)]));
  },
  90_000,
);

const queryAnswer = z.object({
  data: z.object({
    result: z.array(
      z.object({ metric: z.object({ job: z.string() }), value: z.tuple([z.number(), z.string()]) }),
    ),
  }),
});
