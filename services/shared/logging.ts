import type { DestinationStream, Logger } from "pino";
import { pino } from "pino";
import { requestContext } from "./request-context.ts";

export type { Logger } from "pino";

/** One JSON object a line on standard output, with the service's name and the request's ids in each. */
export function createLogger(service: string, level: string, destination?: DestinationStream): Logger {
  const options = {
    base: { service },
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    mixin: () => {
      const { requestId, traceId } = requestContext() ?? {};
      return { requestId, traceId };
    },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
