/** One of the measurements that stand beside the comparison of subjects. */
export interface Part {
  readonly name: string;
  /** What it measures, for the page and the command's help. */
  readonly what: string;
  run(stop: AbortSignal): Promise<Findings>;
}

export interface Findings {
  /** How it was measured, and what came out, in Markdown. */
  readonly text: readonly string[];
  readonly goals: readonly Goal[];
  /** Pictures by the name of their file, as SVG. */
  readonly pictures?: Readonly<Record<string, string>>;
}

/** What should be, and what is. */
export interface Goal {
  readonly what: string;
  readonly value: number;
  /** The largest value that is good enough, or the smallest. */
  readonly limit: { readonly most: number } | { readonly least: number };
}

export function isMet({ value, limit }: Goal): boolean {
  return "most" in limit ? value <= limit.most : value >= limit.least;
}

/** The page of a part, as Markdown. */
export function renderPart({ name, what }: Part, findings: Findings, circumstances: string): string {
  const goals = findings.goals.map((goal) => {
    const limit = "most" in goal.limit ? `<= ${goal.limit.most}` : `>= ${goal.limit.least}`;
    return `| ${goal.what} | ${goal.value.toFixed(2)} | ${limit} | ${isMet(goal) ? "met" : "**missed**"} |`;
  });
  return [
    `# \`npm run bench -- ${name}\``,
    "",
    `${what}. ${circumstances}`,
    "",
    ...(goals.length === 0
      ? []
      : ["| goal | measured | wanted | |", "| --- | --: | --: | --- |", ...goals, ""]),
    ...findings.text,
    "",
    ...Object.keys(findings.pictures ?? {}).flatMap((file) => [`![${what}](${file})`, ""]),
  ].join("\n");
}

/** A table, as lines of Markdown. */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): readonly string[] {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? "---" : "--:"))), ...rows.map(line)];
}
