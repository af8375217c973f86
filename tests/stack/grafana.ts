import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { dashboards } from "../../observability/dashboards.ts";
import { DATA_SOURCE } from "../../observability/grafana.ts";
import { catalog } from "../../services/catalog.ts";
import type { PanelLine } from "../support/panels.ts";
import { panelLines } from "../support/panels.ts";
import { until } from "./cluster.ts";
import type { Forwarded } from "./port-forward.ts";

const SECONDS = 180;

const health = z.object({ database: z.literal("ok"), version: z.string() });
const dataSource = z.object({ status: z.literal("OK") });
const found = z.array(z.object({ uid: z.string(), folderTitle: z.string() }));
const loaded = z.object({
  meta: z.object({ provisioned: z.literal(true) }),
  dashboard: z.object({
    panels: z.array(z.object({ targets: z.array(z.object({ expr: z.string() })) })),
  }),
});
/** What a data source answers to each query, by its id. */
const answers = z.object({
  results: z.record(
    z.string(),
    z.object({
      status: z.number().optional(),
      error: z.string().optional(),
      frames: z.array(z.object({ data: z.object({ values: z.array(z.array(z.unknown())) }) })).default([]),
    }),
  ),
});

/** A Grafana, as its administrator sees it through its API. */
export class Grafana {
  readonly #url: string;
  readonly #authorization: string;

  /** @param password the stack's output `grafanaPassword` */
  constructor({ url }: Forwarded, password: string) {
    this.#url = url;
    this.#authorization = `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`;
  }

  /** Its version, once it answers. */
  async version(): Promise<string> {
    return (await this.#ask("/api/health", health)).version;
  }

  /** Throws unless its data source, Prometheus, answers it: through both network policies. */
  async expectDataSource(): Promise<void> {
    await this.#ask(`/api/datasources/uid/${DATA_SOURCE}/health`, dataSource);
  }

  /** Throws unless it has the dashboards of the catalog, all of them and as they are, and no other. */
  async expectDashboards(): Promise<number> {
    const wanted = dashboards(catalog);
    const uids = wanted.map(({ uid }) => uid).toSorted();
    await until(`Grafana has the dashboards ${uids.join(", ")}`, SECONDS, async () => {
      const all = await this.#ask("/api/search?type=dash-db", found);
      const ours = all.filter(({ folderTitle }) => folderTitle === "Gatehouse");
      return all.length === ours.length && isDeepStrictEqual(ours.map(({ uid }) => uid).toSorted(), uids);
    });
    for (const { uid, panels } of wanted) {
      const { dashboard } = await this.#ask(`/api/dashboards/uid/${uid}`, loaded);
      const expressions = (of: z.infer<typeof loaded>["dashboard"]["panels"] | typeof panels) =>
        of.map(({ targets }) => targets.map(({ expr }) => expr));
      if (!isDeepStrictEqual(expressions(dashboard.panels), expressions(panels)))
        throw new Error(`Grafana asks for something else on ${uid}`);
    }
    return wanted.length;
  }

  /** Throws unless every line of every panel is answered, and drawn where a platform with requests has data for it. */
  async expectLines(): Promise<number> {
    const lines = panelLines();
    let empty: PanelLine[] = [];
    await until("every line has data", SECONDS, async () => {
      const drawn = await Promise.all(lines.map((line) => this.#isDrawn(line)));
      empty = lines.filter(({ mayBeEmpty }, index) => !mayBeEmpty && drawn[index] === false);
      return empty.length === 0;
    }).catch((error: unknown) => {
      throw new Error(
        [String(error), ...empty.map(({ dashboard, panel }) => `${dashboard}, ${panel}`)].join("; "),
      );
    });
    return lines.length;
  }

  /** Whether a line has a value in the time that a dashboard shows. Throws what Grafana has to say against it. */
  async #isDrawn({ dashboard, panel, expr }: PanelLine): Promise<boolean> {
    const datasource = { type: "prometheus", uid: DATA_SOURCE };
    const query = { refId: "A", datasource, expr, range: true, intervalMs: 15_000, maxDataPoints: 1_000 };
    const { results } = await this.#ask("/api/ds/query", answers, {
      from: "now-1h",
      to: "now",
      queries: [query],
    });
    const answer = results["A"];
    if (answer === undefined || answer.error !== undefined || (answer.status ?? 200) !== 200)
      throw new Error(`${dashboard}, ${panel}: ${answer?.error ?? "no answer"} to ${expr}`);
    return answer.frames.some(({ data }) => data.values.some((column) => column.length > 0));
  }

  async #ask<Data>(path: string, data: z.ZodType<Data>, body?: object): Promise<Data> {
    const response = await fetch(this.#url + path, {
      headers: { authorization: this.#authorization, "content-type": "application/json" },
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    });
    const text = await response.text();
    try {
      return data.parse(JSON.parse(text));
    } catch (error) {
      throw new Error(`Grafana answers ${path} with ${response.status} ${text.slice(0, 500)}`, {
        cause: error,
      });
    }
  }
}
