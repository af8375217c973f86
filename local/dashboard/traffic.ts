import { SECURE_ENTRY_POINT } from "../../gateway/entrypoints.ts";
import type { Increase, Window } from "./samples.ts";

/** Requests in a short time up to now, per second, and how long they took. */
export interface Traffic {
  readonly requests: number;
  /** Answers 4xx. */
  readonly refusals: number;
  /** Answers 5xx. */
  readonly errors: number;
  /** Seconds in which half of the answers came; undefined without any. */
  readonly median: number | undefined;
  /** Seconds in which 95 % of the answers came. */
  readonly p95: number | undefined;
}

/** All that came in at the gateway, routes that there are not included. */
export function trafficOf(window: Window): Traffic {
  const here = ({ labels }: Increase) => labels["entrypoint"] === SECURE_ENTRY_POINT;
  return summary(
    window.increases("traefik_entrypoint_requests_total").filter(here),
    window.increases("traefik_entrypoint_request_duration_seconds_bucket").filter(here),
  );
}

/** The traffic of each router by its name, without the ones that had none. */
export function trafficByRouter(window: Window): ReadonlyMap<string, Traffic> {
  const router = ({ labels }: Increase) => labels["router"]?.replace(/@.*$/, "") ?? "";
  const requests = Map.groupBy(window.increases("traefik_router_requests_total"), router);
  const buckets = Map.groupBy(window.increases("traefik_router_request_duration_seconds_bucket"), router);
  return new Map(
    Array.from(
      requests,
      ([name, ofName]) => [name, summary(ofName, buckets.get(name) ?? [])] as const,
    ).filter(([, { requests }]) => requests > 0),
  );
}

/** Who refused, why, how often in all and how often now. */
export interface Refusal {
  /** `gateway` or a service. */
  readonly by: string;
  /** A status of the gateway, or a problem's code. */
  readonly reason: string;
  readonly total: number;
  readonly perSecond: number;
}

/** What was refused, most frequent first: at the gateway by status, whoever said it, and by services by their codes. */
export function refusalsOf(window: Window): Refusal[] {
  const atGateway = count(window, "traefik_entrypoint_requests_total", ({ labels }) =>
    labels["entrypoint"] === SECURE_ENTRY_POINT && Number(labels["code"]) >= 400
      ? ["gateway", labels["code"] ?? ""]
      : undefined,
  );
  const byServices = count(window, "gatehouse_refusals_total", ({ labels }) => [
    labels["service"] ?? "",
    labels["code"] ?? "",
  ]);
  return [...atGateway, ...byServices]
    .filter(({ total }) => total > 0)
    .sort((one, other) => other.total - one.total);
}

/** Requests a second that one process answered, by the process' name. */
export function requestsByProcess(window: Window): ReadonlyMap<string, number> {
  const all = [
    ...window.increases("http_requests_total"),
    ...window
      .increases("traefik_entrypoint_requests_total")
      .filter(({ labels }) => labels["entrypoint"] === SECURE_ENTRY_POINT),
  ];
  return new Map(
    Array.from(
      Map.groupBy(all, ({ process }) => process),
      ([name, of]) => [name, sum(of)],
    ),
  );
}

type Labelled = Pick<Increase, "labels">;

function count(
  window: Window,
  metric: string,
  group: (series: Labelled) => readonly [by: string, reason: string] | undefined,
): Refusal[] {
  const key = (series: Labelled) => group(series)?.join(" ") ?? "";
  const now = Map.groupBy(window.increases(metric), key);
  return Array.from(Map.groupBy(window.latest(metric), key))
    .filter(([name]) => name !== "")
    .map(([name, series]) => {
      const [by = "", reason = ""] = name.split(" ");
      const total = series.reduce((all, { value }) => all + value, 0);
      return { by, reason, total, perSecond: sum(now.get(name) ?? []) };
    });
}

function summary(requests: readonly Increase[], buckets: readonly Increase[]): Traffic {
  const answered = (hundred: string) =>
    sum(requests.filter(({ labels }) => labels["code"]?.startsWith(hundred)));
  return {
    requests: sum(requests),
    refusals: answered("4"),
    errors: answered("5"),
    median: quantile(0.5, buckets),
    p95: quantile(0.95, buckets),
  };
}

/** As Prometheus' histogram_quantile: linear within the bucket; what lies beyond the last bound counts as that. */
function quantile(part: number, buckets: readonly Increase[]): number | undefined {
  const bounds = Array.from(
    Map.groupBy(buckets, ({ labels }) => bound(labels["le"])),
    ([upTo, of]) => ({ upTo, count: sum(of) }),
  ).sort((one, other) => one.upTo - other.upTo);
  const wanted = part * (bounds.at(-1)?.count ?? 0);
  if (wanted === 0) return undefined;
  const index = bounds.findIndex(({ count }) => count >= wanted);
  const below = bounds[index - 1] ?? { upTo: 0, count: 0 };
  const { upTo, count: reached } = bounds[index] ?? below;
  if (upTo === Infinity) return below.upTo;
  return below.upTo + (upTo - below.upTo) * ((wanted - below.count) / (reached - below.count));
}

function bound(le: string | undefined): number {
  return le === "+Inf" ? Infinity : Number(le);
}

function sum(increases: readonly Increase[]): number {
  return increases.reduce((all, { perSecond }) => all + perSecond, 0);
}
