import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { expect, inject, it } from "vitest";
import { signUp } from "../support/client.ts";

/** Debian's Chromium; another path where the environment says so. */
const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** Left out where there is no browser, but never in CI. */
const browsable = existsSync(CHROMIUM) || process.env["CI"] !== undefined;

it.runIf(browsable)("the API page works in a browser, with nothing from elsewhere", async () => {
  const { gatewayUrl } = inject("outputs");
  const { username, password } = await signUp();
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage({ ignoreHTTPSErrors: true });
    const elsewhere: string[] = [];
    const refused: string[] = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(gatewayUrl) && !request.url().startsWith("data:"))
        elsewhere.push(request.url());
    });
    page.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) refused.push(message.text());
    });
    await page.goto(`${gatewayUrl}/docs`);
    const tryIt = async (id: string, body?: object) => {
      const operation = page.locator(`[id$="${id}"]`);
      await operation.locator(".opblock-summary-control").click();
      if (body !== undefined) await operation.locator("textarea").fill(JSON.stringify(body));
      await operation.locator("button.execute").click();
      return operation.locator(".live-responses-table tbody .response-col_status").first().innerText();
    };
    expect(await tryIt("postAuthenticationLogin", { username, password })).toContain("200");
    expect(await tryIt("getAuthenticationWhoami")).toContain("200");
    expect(elsewhere).toEqual([]);
    expect(refused).toEqual([]);
  } finally {
    await browser.close();
  }
});
