import { z } from "zod";
import { alertRules } from "../../observability/alerts.ts";
import { catalog } from "../../services/catalog.ts";
import { seriesOf } from "../support/prometheus.ts";
import { until } from "./cluster.ts";
import type { Forwarded } from "./port-forward.ts";

const SECONDS = 180;

const answer = z.object({ status: z.literal("success"), data: z.unknown() });
const targets = z.object({
  activeTargets: z.array(
    z.object({
      labels: z.object({ job: z.string(), instance: z.string() }),
      health: z.string(),
      lastError: z.string(),
    }),
  ),
});
const rules = z.object({
  groups: z.array(z.object({ rules: z.array(z.object({ name: z.string(), health: z.string() })) })),
});
const alerts = z.object({
  alerts: z.array(z.object({ labels: z.record(z.string(), z.string()), state: z.string() })),
});

/** A Prometheus, through its API. */
export class Prometheus {
  readonly #url: string;

  constructor({ url }: Forwarded) {
    this.#url = url;
  }

  /** Throws unless it reads these pods and no other, each as the job that it is of: names of pods by job. */
  async expectPods(pods: Readonly<Record<string, readonly string[]>>): Promise<number> {
    const wanted = Object.entries(pods).flatMap(([job, names]) => names.map((name) => `${job} ${name}`));
    let seen: z.infer<typeof targets>["activeTargets"] = [];
    const all = async () => {
      seen = (await this.#ask("/api/v1/targets?state=active", targets)).activeTargets;
      const up = seen.filter(({ health }) => health === "up");
      return sameNames(
        up.map(({ labels }) => `${labels.job} ${labels.instance}`),
        wanted,
      );
    };
    await until("Prometheus reads every pod of everything", SECONDS, all).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${JSON.stringify(seen)}`);
    });
    return seen.length;
  }

  /** Throws unless it has every alert rule, each evaluated without an error. */
  async expectRules(): Promise<number> {
    const wanted = alertRules(catalog).groups.flatMap((group) => group.rules.map(({ alert }) => alert));
    await until("every rule has been evaluated without an error", SECONDS, async () => {
      const { groups } = await this.#ask("/api/v1/rules?type=alert", rules);
      const good = groups.flatMap((group) => group.rules).filter(({ health }) => health === "ok");
      return sameNames(
        good.map(({ name }) => name),
        wanted,
      );
    });
    return wanted.length;
  }

  /** The services that were sent requests in the last minute. */
  busyServices(): Promise<(string | undefined)[]> {
    return this.#labels("service", "sum by (service) (rate(http_requests_total[1m])) > 0");
  }

  /** The routers of the gateway that were sent requests. */
  routers(): Promise<(string | undefined)[]> {
    return this.#labels("router", "count by (router) (traefik_router_requests_total)");
  }

  /** Whether an alert fires for a service. */
  async isFiring(alert: string, service: string): Promise<boolean> {
    const { alerts: all } = await this.#ask("/api/v1/alerts", alerts);
    return all.some(
      ({ labels, state }) =>
        labels["alertname"] === alert && labels["service"] === service && state === "firing",
    );
  }

  async #labels(label: string, expression: string): Promise<(string | undefined)[]> {
    return (await seriesOf(this.#url, expression)).map(({ metric }) => metric[label]);
  }

  async #ask<Data>(path: string, data: z.ZodType<Data>): Promise<Data> {
    const response = await fetch(this.#url + path);
    return data.parse(answer.parse(await response.json()).data);
  }
}

function sameNames(some: readonly string[], others: readonly string[]): boolean {
  return some.toSorted().join() === others.toSorted().join();
}
