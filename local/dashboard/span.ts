export type AttributeValue = string | number | undefined;

/** A span as OTLP has it (https://opentelemetry.io/docs/specs/otlp). */
export interface Span {
  readonly service: AttributeValue;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the root of a trace. */
  readonly parentSpanId: string;
  readonly name: string;
  /** Nanoseconds since 1970. */
  readonly start: bigint;
  readonly end: bigint;
  /** Whether its status is ERROR. */
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

/** STATUS_CODE_ERROR of opentelemetry/proto/trace/v1/trace.proto. */
export const STATUS_ERROR = 2;
