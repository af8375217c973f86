import type { Html } from "./html.ts";
import { html } from "./html.ts";

/** What is shown anew every two seconds, by the id of its element. */
export type LiveParts = Readonly<Record<"traffic" | "processes" | "traces" | "log-lines" | "routes", Html>>;

export function livePart(id: string, content: Html): Html {
  return html`<div id="${id}" class="live">${content}</div>`;
}

/** The whole page, complete without its script, which keeps it up to date. */
export function pageView(gatewayUrl: string, parts: LiveParts, logFilter: Html): Html {
  const section = (title: string, about: string, content: Html) =>
    html`<section>
      <h2>${title}</h2>
      <p class="about">${about}</p>
      ${content}
    </section>`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Gatehouse</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/dashboard.css" />
        <script src="/dashboard.js" type="module"></script>
      </head>
      <body>
        <header>
          <h1>Gatehouse</h1>
          <a href="${gatewayUrl}/docs">${gatewayUrl}</a>
          <output id="status"></output>
        </header>
        <main>
          ${section("Traffic", "At the gateway, over the last ten seconds.", livePart("traffic", parts.traffic))}
          ${section("Processes", "Each is started again when it ends or fails its health checks.", livePart("processes", parts.processes))}
          ${section("Traces", "The latest requests, from the gateway to the last statement.", livePart("traces", parts.traces))}
          ${section("Logs", "Of all processes, the newest line first.", html`${logFilter}${livePart("log-lines", parts["log-lines"])}`)}
          ${section("Routes", "From the catalog, with the rules that the gateway follows.", livePart("routes", parts.routes))}
        </main>
      </body>
    </html>`;
}
