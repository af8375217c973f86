import { cpus, loadavg, release, totalmem } from "node:os";
import { TRAEFIK_VERSION } from "../local/traefik-version.js";
import type { Figures, Plan } from "./measure.ts";
import type { MeasuredRatio } from "./ratios.ts";
import type { Subject } from "./subject.ts";

/** What else there is to say of a run. */
export interface Circumstances {
  readonly plan: Plan;
  readonly left: readonly string[];
  /** Of the machine before the run. */
  readonly machine: string;
}

/** The machine, and how busy it is with other things. */
export function describeMachine(): string {
  const [first] = cpus();
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  const load = loadavg().map((value) => value.toFixed(1));
  return (
    `${cpus().length} x ${first?.model.trim() ?? "CPU"}, ${gibibytes} GiB, Linux ${release()}, ` +
    `Node ${process.versions.node}, Traefik ${TRAEFIK_VERSION}; load average before: ${load.join(", ")}`
  );
}

/** The tables, as Markdown. */
export function renderReport(
  subjects: readonly Subject[],
  figures: ReadonlyMap<string, Figures>,
  ratios: readonly MeasuredRatio[],
  { plan, left, machine }: Circumstances,
): string {
  const rows = subjects.flatMap((subject) => {
    const found = figures.get(subject.name);
    return found === undefined ? [] : [subjectRow(subject, found)];
  });
  return [
    "# Results of `npm run bench`",
    "",
    `${new Date().toISOString().slice(0, 10)}; ${machine}.`,
    "",
    `Medians of ${plan.rounds} rounds, all subjects in turn in each, ${plan.seconds} s a measurement. The load generator`,
    "shares the machine; requests per CPU second do not count it, throughput suffers from it.",
    ...left.map((line) => `Left out: ${line}.`),
    "",
    "## Ratios",
    "",
    "| ratio | per CPU second | throughput | goal |",
    "| --- | --: | --: | --- |",
    ...ratioRows(ratios),
    "",
    "## Subjects",
    "",
    `Latency at ${plan.rate ?? "no"} requests per second.`,
    "",
    "| subject | what | guarantees | requests / CPU s (all rounds) | requests / s | p50 ms | p99 ms | checks' handshakes / 1,000 |",
    "| --- | --- | --- | --: | --: | --: | --: | --: |",
    ...rows,
    "",
  ].join("\n");
}

function ratioRows(ratios: readonly MeasuredRatio[]): string[] {
  const names = [...new Set(ratios.map(({ what }) => what))];
  return names.map((name) => {
    const of = (figure: MeasuredRatio["figure"]) =>
      ratios.find((one) => one.what === name && one.figure === figure);
    const goals = [of("perCpuSecond"), of("throughput")].flatMap((ratio) => goalOf(ratio));
    const cell = (ratio: MeasuredRatio | undefined) => ratio?.value.toFixed(2) ?? "";
    return `| ${name} | ${cell(of("perCpuSecond"))} | ${cell(of("throughput"))} | ${goals.join("; ")} |`;
  });
}

function goalOf(ratio: MeasuredRatio | undefined): string[] {
  if (ratio?.goal === undefined) return [];
  const of = ratio.figure === "throughput" ? "throughput" : "per CPU second";
  return [`${of} >= ${ratio.goal}: ${ratio.value >= ratio.goal ? "met" : "**missed**"}`];
}

function subjectRow({ name, what, guarantee }: Subject, figures: Figures): string {
  const { throughput, perCpuSecond, spread, p50, p99, handshakes } = figures;
  const number = (value: number, digits = 0) => (Number.isNaN(value) ? "" : value.toFixed(digits));
  const cells = [
    ...[name, what, guarantee],
    `${number(perCpuSecond)} (${number(spread[0])} to ${number(spread[1])})`,
    ...[
      number(throughput),
      number(p50),
      number(p99),
      guarantee === "revocation" ? number(handshakes, 1) : "",
    ],
  ];
  return `| ${cells.join(" | ")} |`;
}
