import { expect, inject, it } from "vitest";
import { catalog } from "../../services/catalog.ts";
import { servicesWithDatabase } from "../../services/shared/catalog.ts";
import { expectJson, signUp } from "../support/client.ts";
import { jobsOf, scrape } from "../support/scrape.ts";

const jobs = jobsOf(inject("state"));
const jobOf = (name: string) => {
  const job = jobs.find(({ job_name }) => job_name === name);
  if (job === undefined) throw new Error(`nothing scrapes ${name}`);
  return job;
};

/** The sum of all series of a name that have these labels. */
function total(text: string, name: string, labels: Readonly<Record<string, string>> = {}): number {
  const lines = text.split("\n").filter((line) => line.startsWith(`${name}{`));
  const matching = lines.filter((line) =>
    Object.entries(labels).every(([label, value]) => line.includes(`${label}="${value}"`)),
  );
  expect([name, matching.length]).not.toEqual([name, 0]);
  return matching.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

it.each(Object.keys(catalog))("every replica of %s shows Prometheus its metrics", async (service) => {
  const job = jobOf(service);
  expect(job.static_configs[0].targets).toHaveLength(2);
  const text = await scrape(job);
  const now = Date.now() / 1000;
  for (const certificate of [service, "ca"]) {
    const labels = { certificate, service };
    expect(total(text, "gatehouse_certificate_expiry_timestamp_seconds", labels)).toBeGreaterThan(2 * now);
  }
  expect(total(text, "nodejs_eventloop_lag_p99_seconds", { service })).toBeGreaterThan(0);
  if ((servicesWithDatabase(catalog) as string[]).includes(service))
    // An idle connection is closed after a minute: there may be none.
    expect(total(text, "gatehouse_database_pool_connections", { service })).toBeGreaterThanOrEqual(0);
});

it("a buy is counted at the gateway, at each service that it passes, and as what it is", async () => {
  const counts = async () => {
    const [gateway = "", authentication = "", products = "", orders = ""] = await Promise.all(
      ["gateway", "authentication", "products", "orders"].map((name) => scrape(jobOf(name))),
    );
    const answered = (route: string, status: string) => ({ route, status });
    return {
      entered: total(gateway, "traefik_entrypoint_requests_total", { entrypoint: "websecure" }),
      checks: total(authentication, "http_requests_total", answered("/validate", "200")),
      buys: total(products, "http_requests_total", answered("/products/{id}/buy", "201")),
      adds: total(orders, "http_requests_total", answered("/microservice/orders/add", "201")),
      purchases: total(products, "gatehouse_purchases_total", { outcome: "created" }),
      orders: total(orders, "gatehouse_orders_total"),
    };
  };
  const { client } = await signUp();
  expectJson(await client.post("/products/espresso-cup/buy"), 201);
  const before = await counts();
  expectJson(await client.post("/products/espresso-cup/buy"), 201);
  const after = await counts();
  // Other tests run at the same time.
  for (const [name, count] of Object.entries(before))
    expect(after[name as keyof typeof after], name).toBeGreaterThanOrEqual(count + 1);
  expect(
    total(await scrape(jobOf("gateway")), "traefik_router_requests_total", {
      router: "post-products-id-buy@file",
    }),
  ).toBeGreaterThan(1);
});
