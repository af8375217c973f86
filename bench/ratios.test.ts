import { describe, expect, it } from "vitest";
import type { Figures } from "./measure.ts";
import { fallen, keptRatios, measuredRatios } from "./ratios.ts";

const figures = (throughput: number, perCpuSecond: number): Figures => ({
  throughput,
  perCpuSecond,
  handshakes: 0,
  p50: 1,
  p99: 2,
  spread: [perCpuSecond, perCpuSecond],
});
const measured = measuredRatios(
  new Map([
    ["service", figures(800, 300)],
    ["node", figures(1000, 900)],
    ["gateway", figures(100, 50)],
    ["traefik", figures(400, 100)],
  ]),
);

describe("ratios", () => {
  it("are one subject's figure over another's, of those of which both were measured", () => {
    expect(measured.map(({ over, figure, value }) => [over.join("/"), figure, value])).toEqual([
      ["service/node", "perCpuSecond", 1 / 3],
      ["service/node", "throughput", 0.8],
    ]);
  });

  it("are kept as requests per CPU second alone", () => {
    expect(keptRatios(measured)).toEqual({ "service/node": 0.333 });
  });
});

describe("a ratio", () => {
  it.each([
    [0.8, []],
    [0.79, ["gateway/nginx fell from 1 to 0.79"]],
  ])("of %d where 1 was kept: %j", (now, told) => {
    expect(fallen({ "gateway/nginx": now }, { "gateway/nginx": 1 })).toEqual(told);
  });

  it("that was never kept has not fallen", () => {
    expect(fallen({ "gateway/new": 0.1 }, { "gateway/nginx": 1 })).toEqual([]);
  });
});
