import type { Figures } from "./measure.ts";

/** One subject's figure over another's. */
export interface Ratio {
  readonly over: readonly [subject: string, other: string];
  readonly figure: "throughput" | "perCpuSecond";
  /** What it should be at least. */
  readonly goal?: number;
  readonly what: string;
}

/** What we stand by: absolute numbers move from machine to machine. */
export const ratios: readonly Ratio[] = [
  both(["service", "node"], "our service / bare node:https", { throughput: 0.8 }),
  both(["hono", "node"], "Hono / bare node:https", {}),
  both(["forward-auth", "traefik"], "Traefik with ForwardAuth / Traefik alone", {}),
  both(["gateway-public", "traefik"], "our gateway, public route / Traefik alone", {}),
  both(["gateway", "gateway-public"], "our gateway, signed in / public", { throughput: 0.6 }),
  both(["plugin", "gateway-public"], "our gateway, sessions remembered / public", {
    throughput: 0.85,
  }),
  both(["gateway", "nginx"], "our gateway / nginx", { perCpuSecond: 1 }),
  both(["gateway", "caddy"], "our gateway / Caddy", { perCpuSecond: 1 }),
  both(["gateway", "fastify"], "our gateway / Fastify", { perCpuSecond: 1 }),
  both(["plugin", "nginx"], "sessions remembered / nginx", { perCpuSecond: 1 }),
  both(["plugin", "caddy"], "sessions remembered / Caddy", { perCpuSecond: 1 }),
  both(["plugin", "fastify"], "sessions remembered / Fastify", { perCpuSecond: 1 }),
  both(["gateway", "flask"], "our gateway / Flask", { perCpuSecond: 5 }),
  both(["gateway", "envoy"], "our gateway / Envoy, which guarantees less", {}),
].flat();

function both(
  over: Ratio["over"],
  what: string,
  goals: Partial<Record<Ratio["figure"], number>>,
): readonly Ratio[] {
  return (["perCpuSecond", "throughput"] as const).map((figure) => {
    const goal = goals[figure];
    return { over, what, figure, ...(goal === undefined ? {} : { goal }) };
  });
}

export interface MeasuredRatio extends Ratio {
  readonly value: number;
}

/** The ratios of which both subjects were measured. */
export function measuredRatios(figures: ReadonlyMap<string, Figures>): MeasuredRatio[] {
  return ratios.flatMap((ratio) => {
    const [one, other] = ratio.over.map((name) => figures.get(name)?.[ratio.figure]);
    return one === undefined || other === undefined ? [] : [{ ...ratio, value: one / other }];
  });
}

/** Ratios by a name that stays, as they are kept between runs. */
export type KeptRatios = Readonly<Record<string, number>>;

/** `gateway/nginx`, of requests per CPU second alone: throughput depends on what else a machine does. */
export function keptRatios(measured: readonly MeasuredRatio[]): KeptRatios {
  return Object.fromEntries(
    measured
      .filter(({ figure }) => figure === "perCpuSecond")
      .map(({ over, value }) => [over.join("/"), Number(value.toFixed(3))]),
  );
}

/** How far a ratio may fall below the kept one. */
const TOLERANCE = 0.2;

/** The ratios that fell too far, one line each. */
export function fallen(now: KeptRatios, kept: KeptRatios): string[] {
  return Object.entries(now).flatMap(([name, value]) => {
    const before = kept[name];
    if (before === undefined || value >= before * (1 - TOLERANCE)) return [];
    return [`${name} fell from ${before} to ${value}`];
  });
}
