/** One line of a process' metrics: a name, labels and a number. */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Name and labels as they were written: the same from one reading to the next. */
  readonly key: string;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/**
 * Reads Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/).
 * @param wanted which metrics are kept, by name
 */
export function parseMetrics(text: string, wanted: (name: string) => boolean): Series[] {
  return text.split("\n").flatMap((line) => {
    const [, name = "", labels = "", value = ""] = LINE.exec(line) ?? [];
    if (name === "" || !wanted(name)) return [];
    return [{ name, labels: parseLabels(labels), value: parseValue(value), key: `${name}{${labels}}` }];
  });
}

function parseLabels(text: string): Record<string, string> {
  const labels = Array.from(text.matchAll(LABEL), ([, name = "", value = ""]) => [name, unescape(value)]);
  return Object.fromEntries(labels) as Record<string, string>;
}

function unescape(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, character: string) => (character === "n" ? "\n" : character));
}

function parseValue(text: string): number {
  return text === "+Inf" ? Infinity : text === "-Inf" ? -Infinity : Number(text);
}
