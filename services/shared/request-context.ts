import { AsyncLocalStorage } from "node:async_hooks";
import type { Context as SpanContext } from "@opentelemetry/api";

/** What is known of a request wherever its work goes: in its log lines, and in the calls that it makes. */
export interface RequestContext {
  /** Follows the request from the gateway to the last service. */
  readonly requestId?: string;
  /** Of the trace that the request is part of, where it is traced (W3C Trace Context). */
  readonly traceId?: string;
  /** What further spans hang from. */
  readonly span?: SpanContext;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** The context of the request that is being answered; undefined in work of the service's own. */
export function requestContext(): RequestContext | undefined {
  return storage.getStore();
}

/** Runs something as part of a request, of which more is known than before. */
export function inRequest<R>(context: RequestContext, run: () => R): R {
  return storage.run({ ...storage.getStore(), ...context }, run);
}
