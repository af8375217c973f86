import autocannon from "autocannon";
import type { RunningSubject } from "./subject.ts";
import { PATH } from "./stage.ts";

/** Clients at once: under it every subject is busy, and none drops a connection. */
const CONNECTIONS = 16;

export interface Load {
  readonly seconds: number;
  /** Requests per second that come whether or not earlier ones are answered; undefined: as fast as answers come. */
  readonly rate?: number;
}

export interface Answers {
  readonly requests: number;
  readonly seconds: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/**
 * Sends requests over HTTPS, on connections that are kept. At a rate, latencies count from when a request was due, so
 * that one slow answer is not hidden by the requests that it held back (coordinated omission).
 * @throws Error where an answer was anything but 200: a refusal is cheaper than an answer, and no measurement
 */
export async function load(
  subject: RunningSubject,
  cookie: string,
  { seconds, rate }: Load,
): Promise<Answers> {
  const result = await autocannon({
    url: `${subject.url}${PATH}`,
    connections: CONNECTIONS,
    duration: seconds,
    sampleInt: 100,
    timeout: 10,
    servername: "localhost",
    tlsOptions: { ...subject.client, minVersion: "TLSv1.3" },
    headers: { cookie },
    ...(rate === undefined ? {} : { overallRate: rate }),
  });
  if (result.non2xx + result.errors > 0) throw new Error(whatFailed(result));
  return {
    requests: result["2xx"],
    seconds: result.duration,
    p50: result.latency.p50,
    p99: result.latency.p99,
  };
}

/** `7 of 3897 requests failed: 7 x 502`. */
function whatFailed({ errors, timeouts, statusCodeStats = {}, ...result }: autocannon.Result): string {
  const statuses = Object.entries(statusCodeStats)
    .filter(([status]) => !status.startsWith("2"))
    .map(([status, { count = 0 }]) => [status, count] as const);
  const failures = [...statuses, ["connection error", errors - timeouts], ["timeout", timeouts]] as const;
  const told = failures.filter(([, count]) => count > 0).map(([what, count]) => `${count} x ${what}`);
  const all = result["2xx"] + result.non2xx + errors;
  return `${all - result["2xx"]} of ${all} requests failed: ${told.join(", ")}`;
}
