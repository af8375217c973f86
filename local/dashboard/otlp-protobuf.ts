import type { AttributeValue, Span } from "./span.ts";
import { STATUS_ERROR } from "./span.ts";

/**
 * The fields of a message in protobuf's wire format by their numbers; numbers of fixed width are left as bytes
 * (https://protobuf.dev/programming-guides/encoding/).
 */
class Message {
  readonly #fields = new Map<number, (Buffer | number)[]>();

  constructor(bytes: Buffer) {
    let at = 0;
    const varint = () => {
      let value = 0;
      for (let factor = 1; ; factor *= 128) {
        const byte = bytes[at++] ?? 0;
        value += (byte & 127) * factor;
        if (byte < 128) return value;
      }
    };
    const take = (length: number) => bytes.subarray(at, (at += length));
    while (at < bytes.length) {
      const key = varint();
      const wireType = key & 7;
      const value = wireType === 0 ? varint() : take(wireType === 1 ? 8 : wireType === 5 ? 4 : varint());
      this.#fields.set(key >> 3, [...(this.#fields.get(key >> 3) ?? []), value]);
    }
  }

  bytes(field: number): Buffer {
    const [value] = this.#fields.get(field) ?? [];
    return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
  }

  text(field: number): string {
    return this.bytes(field).toString();
  }

  number(field: number): number | undefined {
    const [value] = this.#fields.get(field) ?? [];
    return typeof value === "number" ? value : undefined;
  }

  /** Eight bytes, the least significant first. */
  fixed64(field: number): bigint {
    const bytes = this.bytes(field);
    return bytes.length === 8 ? bytes.readBigUInt64LE() : 0n;
  }

  messages(field: number): Message[] {
    return (this.#fields.get(field) ?? [])
      .filter((value) => Buffer.isBuffer(value))
      .map((value) => new Message(value));
  }

  message(field: number): Message {
    return new Message(this.bytes(field));
  }
}

/** The spans in an ExportTraceServiceRequest (opentelemetry/proto/trace/v1/trace.proto). */
export function spansOfProtobuf(body: Buffer): Span[] {
  return new Message(body).messages(1).flatMap((resourceSpans) => {
    const service = attributes(resourceSpans.message(1), 1)["service.name"];
    return resourceSpans.messages(2).flatMap((scopeSpans) =>
      scopeSpans.messages(2).map((span) => ({
        service,
        traceId: span.bytes(1).toString("hex"),
        spanId: span.bytes(2).toString("hex"),
        parentSpanId: span.bytes(4).toString("hex"),
        name: span.text(5),
        start: span.fixed64(7),
        end: span.fixed64(8),
        failed: span.message(15).number(3) === STATUS_ERROR,
        attributes: attributes(span, 9),
      })),
    );
  });
}

function attributes(message: Message, field: number): Record<string, AttributeValue> {
  return Object.fromEntries(
    message.messages(field).map((attribute) => {
      const value = attribute.message(2);
      return [attribute.text(1), value.number(3) ?? value.text(1)];
    }),
  );
}
