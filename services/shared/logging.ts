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
  return pino(options, destination ?? standardOutput());
}

/** Bytes of log lines that are written at once, and milliseconds that one waits at most. */
const CHUNK = 4_096;
const DELAY = 100;

let output: ReturnType<typeof pino.destination> | undefined;

/** Lines are gathered: a call of the operating system for each is a tenth of the time that a request takes. */
function standardOutput(): DestinationStream {
  if (output !== undefined) return output;
  const stream = pino.destination({ dest: 1, minLength: CHUNK, sync: true });
  setInterval(() => stream.flush(), DELAY).unref();
  process.on("exit", () => stream.flushSync());
  output = stream;
  return stream;
}
