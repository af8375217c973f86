import { describe, expect, it } from "vitest";
import { createServiceApp } from "./app.ts";
import { Health } from "./health.ts";
import { createLogger } from "./logging.ts";
import { Metrics } from "./metrics.ts";
import { Problem } from "./problem.ts";

function testApp() {
  let caller: string | undefined = "gateway";
  const app = createServiceApp("products", {
    logger: createLogger("products", "silent"),
    metrics: new Metrics("products"),
    health: new Health(),
    drills: false,
    callerOf: () => caller,
  });
  app.get("/products", (c) => c.json({ items: [] }));
  app.post("/products/:id/buy", (c) => {
    if (c.req.param("id") === "gone") throw new Problem("sold_out");
    if (c.req.param("id") === "bad") throw new Error("a fault");
    return c.json({}, 201);
  });
  return {
    app,
    as: (name: string | undefined) => {
      caller = name;
    },
    scrape: async (): Promise<string> => {
      caller = "prometheus";
      const answer = await app.request("/metrics");
      caller = "gateway";
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-type")).toMatch(/^text\/plain; version=/);
      return answer.text();
    },
  };
}

describe("the metrics of requests", () => {
  it("count by method, by the route's pattern as the catalog has it, and by status", async () => {
    const { app, scrape } = testApp();
    await app.request("/products?limit=3");
    for (const id of ["a", "b", "gone", "bad"]) await app.request(`/products/${id}/buy`, { method: "POST" });
    const counted = (await scrape()).split("\n").filter((line) => line.startsWith("http_requests_total{"));
    expect(counted.sort()).toEqual([
      'http_requests_total{method="GET",route="/products",status="200",service="products"} 1',
      'http_requests_total{method="POST",route="/products/{id}/buy",status="201",service="products"} 2',
      'http_requests_total{method="POST",route="/products/{id}/buy",status="409",service="products"} 1',
      'http_requests_total{method="POST",route="/products/{id}/buy",status="500",service="products"} 1',
    ]);
  });

  it("tell how long requests took, in buckets from 5 ms to 5 s", async () => {
    const { app, scrape } = testApp();
    await app.request("/products");
    const text = await scrape();
    const labels = 'method="GET",route="/products",status="200"';
    for (const bound of ["0.005", "5", "+Inf"]) {
      expect(text).toContain(
        `http_request_duration_seconds_bucket{le="${bound}",service="products",${labels}}`,
      );
    }
    expect(text).toContain(`http_request_duration_seconds_count{service="products",${labels}} 1`);
  });

  it("count refusals by their code, and know all codes from the start", async () => {
    const { app, as, scrape } = testApp();
    const refusals = async (code: string) =>
      new RegExp(`gatehouse_refusals_total\\{code="${code}",service="products"\\} (\\d+)`).exec(
        await scrape(),
      )?.[1];
    for (const code of ["sold_out", "not_found", "caller_refused", "internal_error", "unavailable"]) {
      expect([code, await refusals(code)]).toEqual([code, "0"]);
    }
    await app.request("/products/gone/buy", { method: "POST" });
    await app.request("/nowhere");
    await app.request("/products/bad/buy", { method: "POST" });
    as(undefined);
    await app.request("/products");
    for (const code of ["sold_out", "not_found", "caller_refused", "internal_error"]) {
      expect([code, await refusals(code)]).toEqual([code, "1"]);
    }
  });

  it("have no label that a client can choose", async () => {
    const { app, scrape } = testApp();
    for (const path of ["/a-secret", "/products/a-secret/buy", "/products?a-secret"]) {
      for (const method of ["GET", "A-SECRET"]) await app.request(path, { method });
    }
    const text = await scrape();
    expect(text.toLowerCase()).not.toContain("a-secret");
    expect(text).toContain('method="other",route="/*",status="404"');
  });

  it("are for Prometheus alone, and do not count its own requests", async () => {
    const { app, as, scrape } = testApp();
    for (const caller of ["gateway", "orders", undefined]) {
      as(caller);
      expect((await app.request("/metrics")).status).toBe(403);
    }
    await scrape();
    expect(await scrape()).not.toContain('route="/metrics"');
  });
});
