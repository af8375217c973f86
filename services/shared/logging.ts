import type { Logger } from "pino";
import { pino } from "pino";

export type { Logger } from "pino";

/** One JSON object a line on standard output, with the service's name in each. */
export function createLogger(service: string, level: string): Logger {
  return pino({
    base: { service },
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  });
}
