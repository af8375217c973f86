import { setTimeout as sleep } from "node:timers/promises";
import { Agent, request } from "undici";

/** Something that happens to the platform while a client asks. */
export interface Disturbance {
  readonly name: string;
  /** When, as a part of the run. */
  readonly at: number;
  readonly happen: () => Promise<void>;
}

export interface Bursts {
  /** Base URLs of the gateways, which are asked in turn. */
  readonly gateways: readonly string[];
  readonly ca: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly seconds: number;
  readonly disturbances: readonly Disturbance[];
  readonly limit: { readonly requestsPerMinute: number; readonly burst: number };
  readonly say?: (line: string) => void;
}

export interface BurstFigures {
  readonly requests: number;
  readonly allowed: number;
  readonly refused: number;
  /** Answers and errors that are neither, by what they are. */
  readonly others: Readonly<Record<string, number>>;
  /** The most that was allowed in any stretch of time, as a part of burst + rate x time. */
  readonly worst: number;
  /** What was allowed in all, as a part of the same. */
  readonly used: number;
}

/** Requests at once: fewer than Traefik lets one source have in flight. */
const AT_ONCE = 30;
/** Pauses between bursts in seconds, again and again: long enough for Traefik's own limiter to forget the client. */
const PAUSES = [0.3, 0.3, 5, 0.3, 8];

/** Asks in bursts with pauses in between, as one client, and compares what was allowed with the limit. */
export async function runBursts(options: Bursts): Promise<BurstFigures> {
  const { gateways, path, headers, seconds, say = () => undefined } = options;
  const targets = gateways.map((url) => ({
    url,
    dispatcher: new Agent({ connections: AT_ONCE, allowH2: false, connect: { ca: options.ca } }),
  }));
  const allowed: Allowed[] = [];
  const others: Record<string, number> = {};
  let [requests, refused] = [0, 0];

  const ask = async () => {
    const { url, dispatcher } = targets[requests++ % targets.length] as (typeof targets)[number];
    const sent = performance.now();
    const status = await request(url + path, {
      headers,
      dispatcher,
      headersTimeout: 10_000,
    }).then(
      async ({ statusCode, body }) => {
        await body.dump();
        return statusCode;
      },
      (error: unknown) => (error as NodeJS.ErrnoException).code ?? "error",
    );
    if (status === 200) allowed.push({ sent, answered: performance.now() });
    else if (status === 429) refused += 1;
    else others[status] = (others[status] ?? 0) + 1;
  };

  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 1000;
  const happening = Promise.all(
    options.disturbances.map(async ({ name, at, happen }) => {
      await sleep(at * seconds * 1000);
      say(`${elapsed().toFixed(0)} s, ${allowed.length} allowed: ${name}`);
      await happen();
    }),
  );
  for (let turn = 0; elapsed() < seconds; turn++) {
    await Promise.all(Array.from({ length: AT_ONCE }, ask));
    const pause = PAUSES[turn % PAUSES.length] ?? 0;
    await sleep(1000 * Math.max(0, Math.min(pause, seconds - elapsed())));
  }
  await happening;
  await Promise.all(targets.map(({ dispatcher }) => dispatcher.close()));
  const most = (span: number) => options.limit.burst + (options.limit.requestsPerMinute / 60_000) * span;
  return {
    requests,
    allowed: allowed.length,
    refused,
    others,
    worst: worstStretch(allowed, most),
    used: allowed.length / most(performance.now() - start),
  };
}

interface Allowed {
  readonly sent: number;
  readonly answered: number;
}

/** A stretch begins when its first request was sent and ends when its last was answered: it was allowed in between. */
function worstStretch(allowed: readonly Allowed[], most: (span: number) => number): number {
  const inOrder = allowed.toSorted((one, other) => one.answered - other.answered);
  let worst = 0;
  for (const [first, { sent, answered }] of inOrder.entries()) {
    for (let last = first; last < inOrder.length; last++) {
      const end = inOrder[last]?.answered ?? answered;
      worst = Math.max(worst, (last - first + 1) / most(end - sent));
    }
  }
  return worst;
}
