import { describe, expect, it } from "vitest";
import { catalog } from "../services/catalog.ts";
import { dashboards } from "./dashboards.ts";

const all = dashboards(catalog);
const titlesOf = (uid: string) =>
  all.find((dashboard) => dashboard.uid === `gatehouse-${uid}`)?.panels.map(({ title }) => title);

describe("the dashboards", () => {
  it("are the gateway's, one for each service of the catalog, and the business's", () => {
    expect(all.map(({ uid }) => uid)).toEqual(
      ["gateway", ...Object.keys(catalog), "business"].map((name) => `gatehouse-${name}`),
    );
  });

  it("show what a service has, and nothing that it has not", () => {
    expect(titlesOf("products")).toEqual(
      expect.arrayContaining(["Database connections", "Open circuit breakers"]),
    );
    expect(titlesOf("orders")).toContain("Database connections");
    expect(titlesOf("orders")).not.toContain("Open circuit breakers");
    expect(titlesOf("docs")).not.toContain("Database connections");
  });

  it.each(all)("$title has panels that fill the grid and do not overlap", ({ panels }) => {
    const taken = new Set<string>();
    for (const { gridPos } of panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        const cell = `${x},${gridPos.y}`;
        expect(taken).not.toContain(cell);
        taken.add(cell);
      }
    }
    const rows = new Set(panels.map(({ gridPos }) => gridPos.y));
    expect(taken.size).toBe(24 * rows.size);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });

  it.each(all)("$title asks for lines that have a legend, each under an id of its own", ({ panels }) => {
    for (const { targets } of panels) {
      expect(targets.length).toBeGreaterThan(0);
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
      for (const { legendFormat } of targets) expect(legendFormat).toMatch(/\w/);
    }
  });

  it("have numbers in red from where an alert tells of them, as Grafana's own limits suit no number here", () => {
    const numbers = all.flatMap(({ panels }) => panels).filter(({ type }) => type === "stat");
    expect(numbers).toHaveLength(Object.keys(catalog).length);
    for (const { fieldConfig } of numbers)
      expect(fieldConfig.defaults.thresholds).toEqual({
        mode: "absolute",
        steps: [
          { color: "red", value: null },
          { color: "green", value: 21 * 86_400 },
        ],
      });
  });

  it("count in whole numbers what comes in whole numbers", () => {
    const counted = all
      .flatMap(({ panels }) => panels)
      .filter(({ fieldConfig }) => fieldConfig.defaults.unit === "none");
    expect(new Set(counted.map(({ title }) => title))).toEqual(
      new Set([
        "Database connections",
        "Open circuit breakers",
        "Open connections",
        "Purchases without an order yet",
        "Replicas",
        "Starts in 15 minutes",
      ]),
    );
    for (const { fieldConfig } of counted)
      expect(fieldConfig.defaults).toMatchObject({ min: 0, decimals: 0 });
  });

  it("say that nothing failed and nobody was refused, where no data is good news", () => {
    const good = all
      .flatMap(({ panels }) => panels)
      .filter(({ title }) => /^(Failures|Refusals)/.test(title));
    expect(good).toHaveLength(2 * (1 + Object.keys(catalog).length));
    expect(new Set(good.map(({ fieldConfig }) => fieldConfig.defaults.noValue))).toEqual(new Set(["None"]));
  });
});
