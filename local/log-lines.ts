import { styleText } from "node:util";

/** Levels from the least to the most severe, as the services write them. */
export const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;
export type Level = (typeof LEVELS)[number];

/** One line of the log of some process of the platform. */
export interface LogLine {
  /** `orders-1`, or `gateway` for the gateway's own requests. */
  readonly process: string;
  /** ISO 8601 in UTC; undefined for a line that has none, such as a stack trace. */
  readonly time: string | undefined;
  readonly level: Level;
  readonly requestId: string | undefined;
  /** What it says, for people. */
  readonly text: string;
  /** As the process wrote it. */
  readonly raw: string;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads a line of a service, of the gateway's access log, of Traefik or of PostgreSQL.
 * @param file name of the log file without its ending
 */
export function parseLogLine(file: string, raw: string): LogLine {
  const fields = parseFields(raw);
  if (fields === undefined) {
    return { process: file, time: undefined, level: plainLevel(raw), requestId: undefined, text: raw, raw };
  }
  if (file === "access") return accessLine(fields, raw);
  const { level, time, msg, message, requestId, traceId, pid, service, ...rest } = fields;
  return {
    process: file,
    time: text(time),
    level: LEVELS.find((one) => one === level) ?? "info",
    requestId: text(requestId),
    text: [text(msg) ?? text(message) ?? requestText(rest), details(rest)].filter(Boolean).join("  "),
    raw,
  };
}

/** A line as people read it: when, who, how grave, what, and of which request. */
export function prettyLine(line: LogLine, width: number): string {
  const { process, time, level, requestId } = line;
  const parts = [
    styleText("dim", time?.slice(11, 23) ?? " ".repeat(12)),
    styleText(processColour(process), process.padEnd(width)),
    styleText(levelColours[level], level.padEnd(5)),
    line.text,
    ...(requestId === undefined ? [] : [styleText("dim", requestId)]),
  ];
  return parts.join("  ");
}

const levelColours = {
  trace: "dim",
  debug: "dim",
  info: "green",
  warn: "yellow",
  error: "red",
  fatal: "red",
} as const satisfies Record<Level, string>;

const processColours = ["cyan", "magenta", "blue", "yellow", "green"] as const;

/** All replicas of a service have one colour, the same in each run. */
function processColour(process: string) {
  const name = process.replace(/-\d+$/, "");
  const sum = Array.from(name, (letter) => letter.charCodeAt(0)).reduce((total, code) => total + code, 0);
  return processColours[sum % processColours.length] ?? "cyan";
}

function accessLine(fields: Fields, raw: string): LogLine {
  const status = Number(fields["DownstreamStatus"]);
  const route = text(fields["RouterName"])?.replace(/@.*$/, "") ?? "no route";
  const parts = [
    fields["RequestMethod"],
    fields["RequestPath"],
    status,
    `${(Number(fields["Duration"]) / 1e6).toFixed(1)} ms`,
    route,
  ];
  return {
    process: "gateway",
    time: text(fields["StartUTC"]),
    level: status >= 500 ? "error" : "info",
    requestId: text(fields["downstream_X-Request-Id"]),
    text: parts.join(" "),
    raw,
  };
}

/** The line that a service writes for a request. */
function requestText({ method, route, status, milliseconds, code }: Fields): string {
  if (method === undefined) return "";
  return [method, route, status, `${String(milliseconds)} ms`, code].filter(Boolean).join(" ");
}

function details({ method, route, status, milliseconds, code, err, ...rest }: Fields): string {
  const error = (err as { stack?: string } | undefined)?.stack;
  const others = Object.entries(rest).map(([key, value]) => `${key}=${text(value) ?? JSON.stringify(value)}`);
  return [...others, ...(error === undefined ? [] : [`\n${error}`])].join(" ");
}

function plainLevel(raw: string): Level {
  if (/\b(ERROR|FATAL|PANIC|Error):/.test(raw)) return "error";
  return /\bWARNING:/.test(raw) ? "warn" : "info";
}

function parseFields(raw: string): Fields | undefined {
  if (!raw.startsWith("{")) return undefined;
  try {
    return JSON.parse(raw) as Fields;
  } catch {
    return undefined;
  }
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
