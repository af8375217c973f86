import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Span } from "../../local/dashboard/span.ts";
import type { Collector } from "../support/collector.ts";
import { startCollector } from "../support/collector.ts";
import type { TestPlatform } from "../support/platform.ts";
import { startTestPlatform } from "../support/platform.ts";
import { expectJson, signUp } from "../support/client.ts";
import { eventually } from "../support/wait.ts";

let collector: Collector;
let platform: TestPlatform;
beforeAll(async () => {
  collector = await startCollector();
  platform = await startTestPlatform({ fsync: "off" }, { traces: collector.url, replicas: 1 });
});
afterAll(async () => {
  await platform.stop();
  await collector.close();
});

/** From the root of its trace down to a span: who did what. */
function path(span: Span, trace: readonly Span[]): string[] {
  const parent = trace.find(({ spanId }) => spanId === span.parentSpanId);
  return [...(parent === undefined ? [] : path(parent, trace)), `${String(span.service)} ${span.name}`];
}

describe("traces", () => {
  it("show the whole of a buy: gateway, check, products, orders and every statement", async () => {
    const { client, password } = await signUp(platform.outputs);
    const answer = await client.post("/products/espresso-cup/buy", { quantity: 1 });
    expectJson(answer, 201);
    const requestId = String(answer.headers["x-request-id"]);

    const trace = await eventually("a whole trace of the buy", () => {
      const of = collector.spans.find(({ attributes }) => attributes["gatehouse.request.id"] === requestId);
      const spans = collector.spans.filter(({ traceId }) => traceId === of?.traceId);
      const services = new Set(spans.map(({ service }) => service));
      const complete = ["gateway", "authentication", "products", "orders"].every((name) =>
        services.has(name),
      );
      return complete && spans.some(({ parentSpanId }) => parentSpanId === "") && spans;
    });

    const roots = trace.filter(({ parentSpanId }) => parentSpanId === "");
    expect(roots.map(({ service }) => service)).toEqual(["gateway"]);
    const server = (service: string) => {
      const span = trace.find((one) => one.service === service && "gatehouse.request.id" in one.attributes);
      if (span === undefined) throw new Error(`no request at ${service}`);
      return span;
    };
    expect(path(server("authentication"), trace)).toEqual([
      expect.stringMatching(/^gateway /),
      "gateway AuthRequest",
      "authentication GET /validate",
    ]);
    expect(path(server("orders"), trace).slice(-3)).toEqual([
      "products POST /products/{id}/buy",
      "products POST /microservice/orders/add",
      "orders POST /microservice/orders/add",
    ]);
    for (const service of ["authentication", "products", "orders"]) {
      expect(server(service).attributes["gatehouse.request.id"]).toBe(requestId);
    }

    const statements = (service: string) =>
      trace
        .filter((span) => span.parentSpanId === server(service).spanId && "db.query.text" in span.attributes)
        .map(({ attributes }) => attributes["db.query.text"]);
    expect(statements("authentication")).toEqual([
      expect.stringMatching(/^select "id", "user_id" .* from "sessions" where/),
    ]);
    expect(statements("orders")).toEqual([expect.stringMatching(/^insert into "orders" .*values \(\$1/)]);
    expect(statements("products")).toEqual(
      expect.arrayContaining([
        "begin",
        expect.stringMatching(/^update "products" set "stock"/),
        expect.stringMatching(/^insert into "purchases"/),
        "commit",
        expect.stringMatching(/^update "purchases" set "delivered_at"/),
      ]),
    );

    const log = readFileSync(join(platform.state, "logs/orders-1.log"), "utf8");
    expect(log).toContain(`"traceId":"${trace[0]?.traceId ?? ""}"`);
    for (const secret of [password, ...client.cookies.values()])
      expect(collector.text()).not.toContain(secret);
  });

  it("are off where nobody asks for them", () => {
    const log = readFileSync(join(inject("state"), "logs/orders-1.log"), "utf8");
    expect(log).not.toContain("traceId");
  });
});
