import { dashboards } from "../../observability/dashboards.ts";
import type { GrafanaPanel } from "../../observability/grafana.ts";
import { catalog } from "../../services/catalog.ts";

/** What there is only where limits are central; services/authentication/limits/metrics.test.ts sees to these. */
export const CENTRAL_ONLY = ["gatehouse_limiter_store_up", "gatehouse_limiter_decisions_total"];

/** One line of a panel of a dashboard, for a platform whose limits are not central. */
export interface PanelLine {
  /** Id of the dashboard. */
  readonly dashboard: string;
  /** Title of the panel. */
  readonly panel: string;
  readonly expr: string;
  /** Whether no data is right: where a panel says what that means, and where limits would have to be central. */
  readonly mayBeEmpty: boolean;
}

/** Every line of every dashboard. */
export function panelLines(): PanelLine[] {
  return dashboards(catalog).flatMap(({ uid, panels }) => panels.flatMap((panel) => linesOf(uid, panel)));
}

function linesOf(dashboard: string, { title, fieldConfig, targets }: GrafanaPanel): PanelLine[] {
  return targets.map(({ expr }) => ({
    dashboard,
    panel: title,
    expr,
    mayBeEmpty:
      fieldConfig.defaults.noValue !== undefined || CENTRAL_ONLY.some((name) => expr.includes(name)),
  }));
}
