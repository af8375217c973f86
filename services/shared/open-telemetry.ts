import type { Attributes } from "@opentelemetry/api";
import { defaultTextMapGetter, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { requestContext } from "./request-context.ts";
import type { Tracing } from "./tracing.ts";

/** Milliseconds between two deliveries to the collector. */
const EXPORT_INTERVAL = 1_000;

const propagator = new W3CTraceContextPropagator();

/**
 * Traces by OpenTelemetry, sent to a collector over OTLP/HTTP in JSON. Attributes have the names of its semantic
 * conventions (https://opentelemetry.io/docs/specs/semconv/).
 * @param endpoint base URL of the collector, to which `/v1/traces` is added
 */
export function startTracing(service: string, endpoint: string): Tracing {
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ "service.name": service }),
    spanProcessors: [
      new BatchSpanProcessor(new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, "")}/v1/traces` }), {
        scheduledDelayMillis: EXPORT_INTERVAL,
      }),
    ],
  });
  const tracer = provider.getTracer("gatehouse");

  return {
    startRequest(header) {
      const { traceparent, tracestate } = {
        traceparent: header("traceparent"),
        tracestate: header("tracestate"),
      };
      const parent = propagator.extract(ROOT_CONTEXT, { traceparent, tracestate }, defaultTextMapGetter);
      const span = tracer.startSpan("request", { kind: SpanKind.SERVER }, parent);
      return {
        traceId: span.spanContext().traceId,
        context: trace.setSpan(ROOT_CONTEXT, span),
        end({ method, route, status, requestId }) {
          span.updateName(`${method} ${route}`);
          span.setAttributes({
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
            ...(requestId === undefined ? {} : { "gatehouse.request.id": requestId }),
          });
          if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
          span.end();
        },
      };
    },

    async call(name, peer, run) {
      const parent = requestContext()?.span;
      if (parent === undefined) return run({});
      const attributes = { "server.address": peer, "http.request.method": name.split(" ")[0] } as Attributes;
      const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, parent);
      const headers: Record<string, string> = {};
      propagator.inject(trace.setSpan(parent, span), headers, {
        set: (carrier: Record<string, string>, key, value) => void (carrier[key] = value),
      });
      try {
        return await run(headers);
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    },

    statement(text, milliseconds, sqlState) {
      const parent = requestContext()?.span;
      if (parent === undefined) return;
      const end = Date.now();
      const operation = /\w+/.exec(text)?.[0].toUpperCase() ?? "";
      const attributes = {
        "db.system.name": "postgresql",
        "db.operation.name": operation,
        "db.query.text": text,
        ...(sqlState === undefined ? {} : { "db.response.status_code": sqlState }),
      };
      const options = { kind: SpanKind.CLIENT, startTime: end - milliseconds, attributes };
      const span = tracer.startSpan(operation, options, parent);
      // An error's message may hold values.
      if (sqlState !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end(end);
    },

    stop: () => provider.shutdown(),
  };
}
