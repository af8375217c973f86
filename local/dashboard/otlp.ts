import { spansOfProtobuf } from "./otlp-protobuf.ts";
import type { AttributeValue, Span } from "./span.ts";
import { STATUS_ERROR } from "./span.ts";

interface JsonAttribute {
  key: string;
  value: { stringValue?: string; intValue?: number };
}
interface JsonRequest {
  resourceSpans: {
    resource: { attributes: JsonAttribute[] };
    scopeSpans: {
      spans: {
        traceId: string;
        spanId: string;
        parentSpanId?: string;
        name: string;
        startTimeUnixNano: string;
        endTimeUnixNano: string;
        status?: { code?: number };
        attributes: JsonAttribute[];
      }[];
    }[];
  }[];
}

/**
 * The spans in the body of an export over OTLP/HTTP: in JSON, which the services send, or in protobuf, which Traefik does.
 * @throws Error where the body is neither
 */
export function spansOf(contentType: string, body: Buffer): Span[] {
  return contentType.startsWith("application/json")
    ? spansOfJson(JSON.parse(body.toString()) as JsonRequest)
    : spansOfProtobuf(body);
}

function spansOfJson({ resourceSpans }: JsonRequest): Span[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        service: record(resource.attributes)["service.name"],
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? "",
        name: span.name,
        start: BigInt(span.startTimeUnixNano),
        end: BigInt(span.endTimeUnixNano),
        failed: span.status?.code === STATUS_ERROR,
        attributes: record(span.attributes),
      })),
    ),
  );
}

function record(attributes: readonly JsonAttribute[]): Record<string, AttributeValue> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue]));
}
