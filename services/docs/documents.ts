import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { InternalClient } from "../shared/internal-client.ts";
import { Problem } from "../shared/problem.ts";

/** What is read of an operation; all else of it passes through as it is. */
const operation = z.looseObject({ responses: z.record(z.string(), z.unknown()) });

const document = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.looseObject({ schemas: z.record(z.string(), z.unknown()).optional() }).optional(),
});

/** One service's OpenAPI 3.1 document, as far as it is read here. */
export type Document = z.infer<typeof document>;
export type Operation = z.infer<typeof operation>;

/** Milliseconds for which documents are good. A service's document changes when a new version of it is rolled out. */
const FRESH = 10_000;

/** The documents of other services, as they are now or were shortly before. */
export interface Documents {
  /**
   * By the service's name.
   * @throws Problem `unavailable` where a service has not answered yet, so that nobody takes a part for the whole
   */
  read(): Promise<Readonly<Record<string, Document>>>;
}

/**
 * Asks each service for its document, and keeps it: a service that does not answer later is described as it last
 * described itself.
 */
export function createDocuments(clients: Readonly<Record<string, Pick<InternalClient, "get">>>): Documents {
  const kept = new Map<string, Document>();
  let askedAt = -Infinity;
  let asking: Promise<unknown> | undefined;

  const ask = async (service: string, client: Pick<InternalClient, "get">) => {
    const answer = await client.get(`/${service}/openapi.json`);
    if (answer.status !== 200) throw new Error(`${service} answered ${answer.status}`);
    kept.set(service, document.parse(answer.body));
  };
  const askAll = async () => {
    const asked = Object.entries(clients).map(([service, client]) => ask(service, client));
    const answers = await Promise.allSettled(asked);
    if (answers.every(({ status }) => status === "fulfilled")) askedAt = performance.now();
  };

  return {
    async read() {
      if (performance.now() - askedAt > FRESH) {
        asking ??= askAll().finally(() => (asking = undefined));
        await asking;
      }
      const silent = Object.keys(clients).filter((service) => !kept.has(service));
      if (silent.length > 0) {
        const detail = `Not described yet: ${silent.join(", ")}.`;
        throw new Problem("unavailable", { detail, headers: { "retry-after": "1" } });
      }
      return Object.fromEntries(kept);
    },
  };
}

/** Reads until all documents are there, so that no reader meets a service that is slow just then. Never throws. */
export async function readAhead(documents: Documents, pause = 1_000): Promise<void> {
  for (;;) {
    try {
      await documents.read();
      return;
    } catch {
      await sleep(pause, undefined, { ref: false });
    }
  }
}
