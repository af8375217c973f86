import { expect, it } from "vitest";
import { startCollector } from "../../tests/support/collector.ts";
import { createServiceApp } from "./app.ts";
import { Health } from "./health.ts";
import { createLogger } from "./logging.ts";
import { Metrics } from "./metrics.ts";
import { startTracing } from "./open-telemetry.ts";

it("a request, its statements and its calls are spans of the trace that its headers tell of", async () => {
  const collector = await startCollector();
  const tracing = startTracing("orders", collector.url);
  const lines: string[] = [];
  const app = createServiceApp("orders", {
    logger: createLogger("orders", "info", { write: (line: string) => lines.push(line) }),
    metrics: new Metrics("orders"),
    tracing,
    health: new Health(),
    drills: false,
    callerOf: () => "gateway",
  });
  let handedOn: Record<string, string> = {};
  app.get("/orders", async (c) => {
    tracing.statement('select "id" from "orders" where "id" = $1', 3, undefined);
    tracing.statement("insert into orders values ($1)", 3, "23505");
    handedOn = await tracing.call("POST /x", "stock", (headers) => Promise.resolve(headers));
    return c.json({});
  });
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
  await app.request("/orders", { headers: { traceparent, "x-request-id": "r-1" } });
  tracing.statement("select 1", 1, undefined);
  await tracing.stop();
  await collector.close();

  const byName = new Map(collector.spans.map((span) => [span.name, span]));
  expect([...byName.keys()].sort()).toEqual(["GET /orders", "INSERT", "POST /x", "SELECT"]);
  expect(collector.spans.every((span) => span.traceId === traceId && span.service === "orders")).toBe(true);
  const request = byName.get("GET /orders");
  expect(request).toMatchObject({
    parentSpanId: "b7ad6b7169203331",
    attributes: {
      "http.route": "/orders",
      "http.response.status_code": 200,
      "gatehouse.request.id": "r-1",
    },
  });
  for (const name of ["SELECT", "INSERT", "POST /x"])
    expect(byName.get(name)?.parentSpanId).toBe(request?.spanId);
  expect(byName.get("INSERT")?.attributes["db.response.status_code"]).toBe("23505");
  expect(handedOn["traceparent"]).toBe(`00-${traceId}-${byName.get("POST /x")?.spanId ?? ""}-01`);
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    expect.objectContaining({ requestId: "r-1", traceId, route: "/orders" }),
  ]);
});
