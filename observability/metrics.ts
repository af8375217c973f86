/** A PromQL expression. */
export type Expression = string;

/** Events per second, summed up by labels. */
export function rate(metric: string, by: readonly string[] = [], matchers = ""): Expression {
  return sum(`rate(${metric}${braces(matchers)}[5m])`, by);
}

/** The part of a rate, from 0 to 1, that has a label of its own: the share of requests that failed, say. 0 where none did. */
export function share(metric: string, matchers: string, by: readonly string[] = []): Expression {
  const all = rate(metric, by);
  return `(${rate(metric, by, matchers)} or 0 * ${all}) / ${all}`;
}

/** A quantile, from 0 to 1, of a histogram of durations. */
export function quantile(
  q: number,
  histogram: string,
  by: readonly string[] = [],
  matchers = "",
): Expression {
  return `histogram_quantile(${q}, ${rate(`${histogram}_bucket`, ["le", ...by], matchers)})`;
}

function sum(expression: Expression, by: readonly string[]): Expression {
  return by.length === 0 ? `sum(${expression})` : `sum by (${by.join(", ")}) (${expression})`;
}

function braces(matchers: string): string {
  return matchers === "" ? "" : `{${matchers}}`;
}

/** Names of the metrics that an expression reads. */
export function metricsIn(expression: Expression): string[] {
  return [...new Set(expression.match(/\b(?:traefik|http|gatehouse|process|nodejs)_\w+|\bup\b/g) ?? [])];
}
