import { existsSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalog } from "../../services/catalog.ts";
import { contrasts } from "../support/contrast.ts";
import { signUp } from "../support/client.ts";
import type { TestPlatform } from "../support/platform.ts";
import { startTestPlatform } from "../support/platform.ts";
import { eventually } from "../support/wait.ts";

/** Debian's Chromium; another path where the environment says so. */
const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** Left out where there is no browser, but never in CI. */
const browsable = existsSync(CHROMIUM) || process.env["CI"] !== undefined;

describe.runIf(browsable)("the dashboard in a browser", () => {
  let platform: TestPlatform;
  let browser: Browser;
  let page: Page;
  const elsewhere: string[] = [];
  const complaints: string[] = [];
  beforeAll(async () => {
    [platform, browser] = await Promise.all([
      startTestPlatform({ fsync: "off" }, { traces: "dashboard", limits: "off" }),
      chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] }),
    ]);
    page = await browser.newPage({ viewport: { width: 1280, height: 1000 }, colorScheme: "light" });
    const { origin } = new URL(platform.dashboardUrl ?? "");
    page.on("request", (request) => {
      if (!request.url().startsWith(`${origin}/`) && !request.url().startsWith("data:"))
        elsewhere.push(request.url());
    });
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(platform.dashboardUrl ?? "");
  });
  afterAll(async () => {
    await browser.close();
    await platform.stop();
  });

  const number = async (selector: string) => Number(await page.locator(selector).innerText());

  it("shows the gateway and two ready replicas of every service, with what they use", async () => {
    const replicas = Object.keys(catalog).flatMap((service) => [`${service}-1`, `${service}-2`]);
    for (const name of ["gateway", ...replicas]) {
      const row = page.locator(`#process-${name}`);
      expect(await row.locator(".pill").innerText(), name).toBe("ready");
      await eventually(`CPU and memory of ${name}`, async () => /\d \%.*\d MB/s.test(await row.innerText()));
    }
    expect(new URL(page.url()).search).toBe("");
  });

  it("shows what a client does: rates, latencies and refusals", async () => {
    const { client } = await signUp(platform.outputs);
    await eventually("the rates of the traffic", async () => {
      await client.post("/products/espresso-cup/buy");
      await client.get("/orders");
      expect((await client.get("/products/admin")).status).toBe(401);
      const [requests, refused] = [
        await number("#tile-requests .value"),
        await number("#tile-refused .value"),
      ];
      const latency = await page.locator("#tile-p95 .value").innerText();
      return requests > 0 && refused > 0 && /\d m?s/.test(latency);
    });
    const route = page.locator("#route-products-post-products-id-buy");
    expect(await route.innerText()).toContain("PathRegexp(`^/products/[^/]+/buy$`)");
    await eventually(
      "the rate of the route",
      async () => Number(await route.locator("td.number").first().innerText()) > 0,
    );
    expect(await page.locator("#refusal-gateway-401").innerText()).toMatch(/401/);
  });

  it("shows the lines of the logs that are asked for, and keeps what is being typed", async () => {
    const { username } = await signUp(platform.outputs);
    const text = page.locator("#log-filter input");
    const lines = page.locator("#log-lines li");
    await page.selectOption("#log-filter select[name=process]", "authentication");
    await text.fill("/authentication/LOGIN");
    await eventually("only those lines", async () => {
      const all = await lines.allInnerTexts();
      return (
        all.length > 0 &&
        all.every((line) => /authentication-[12]\s[\s\S]*POST \/authentication\/login/.test(line))
      );
    });
    await page.waitForResponse(/\/live/);
    expect(await text.inputValue()).toBe("/authentication/LOGIN");
    expect(await page.locator("#log-filter input:focus").count()).toBe(1);
    await text.fill(username);
    await eventually("no line with a user's name", async () => (await lines.count()) === 0);
    await text.fill("");
    await page.selectOption("#log-filter select[name=process]", "");
  });

  it("has a button that kills a replica, and shows that another takes its place", async () => {
    const row = page.locator("#process-orders-2");
    const pid = await row.locator("td").nth(1).innerText();
    await row.getByRole("button", { name: "kill" }).click();
    await eventually("a restart", async () => {
      const [health, now, , restarts] = await row.locator("td").allInnerTexts();
      return restarts === "1" && health === "ready" && now !== pid;
    });
  });

  it("has a button that breaks a replica, which is seen to be unready long before it is restarted", async () => {
    const row = page.locator("#process-products-2");
    await row.getByRole("button", { name: "break" }).click();
    await eventually("the broken replica", async () => (await row.innerText()).includes("not ready"));
    expect(await page.locator("#process-products-1 .pill").innerText()).toBe("ready");
  });

  it("shows the traces of what was done, from the gateway to a statement", async () => {
    const trace = page
      .locator("details.trace", { hasText: "gateway, authentication, products, orders" })
      .first();
    await trace.locator("summary").click();
    expect(await trace.innerText()).toMatch(/gateway[\s\S]*authentication[\s\S]*insert into "orders"/);
    const id = await trace.getAttribute("id");
    await page.waitForResponse(/\/live/);
    await page.waitForResponse(/\/live/);
    expect(await page.locator(`#${String(id)}`).getAttribute("open"), "open while the page goes on").toBe("");
  });

  it.each(["light", "dark"] as const)("can be read in a %s scheme", async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    const found = await contrasts(page);
    expect(found.length).toBeGreaterThan(100);
    // WCAG 2.2, 1.4.3: 4.5 for text.
    expect(found.filter(({ ratio }) => ratio < 4.5)).toEqual([]);
  });

  it("loads nothing from elsewhere, and its own policy refuses nothing", () => {
    expect(elsewhere).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
