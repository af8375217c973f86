import type { Row, Trace } from "../traces.ts";
import { clock, duration } from "./format.ts";
import type { Html } from "./html.ts";
import { html } from "./html.ts";

/** The latest requests, each of which opens to all that was done for it, when and for how long. */
export function tracesView(traces: readonly Trace[] | undefined): Html {
  if (traces === undefined)
    return html`<p class="quiet">Off: <code>npm start -- --traces dashboard</code> sends them here.</p>`;
  if (traces.length === 0) return html`<p class="quiet">No request was traced yet.</p>`;
  return html`${traces.map(
    (trace) =>
      html`<details id="trace-${trace.id}" class="trace">
        <summary>
          <time>${clock(trace.at)}</time>
          <span class="name">${title(trace)}</span>
          <span class="quiet">${services(trace)}</span>
          <span class="number">${duration(trace.duration)}</span>
        </summary>
        <ol class="waterfall">
          ${trace.rows.map((row) => span(row, trace.duration))}
        </ol>
      </details>`,
  )}`;
}

/** What the client asked for: the gateway's own span names no path. */
function title({ rows }: Trace): string {
  const [{ span }] = rows;
  const { attributes } = span;
  const method = attributes["http.request.method"];
  const path = attributes["url.path"] ?? attributes["http.route"];
  const status = attributes["http.response.status_code"];
  return method === undefined
    ? span.name
    : [method, path, status].filter((part) => part !== undefined).join(" ");
}

function services({ rows }: Trace): string {
  const names = new Set(rows.map(({ span }) => String(span.service)));
  return `${[...names].join(", ")}; ${rows.length} ${rows.length === 1 ? "span" : "spans"}`;
}

/** How far spans are moved to the right at most, however deep they are. */
const MAX_DEPTH = 12;

function span({ span, depth, offset, duration: took }: Row, whole: number): Html {
  const percentOf = (part: number) => `${((100 * part) / Math.max(whole, 0.001)).toFixed(2)}%`;
  const statement = span.attributes["db.query.text"];
  return html`<li>
    <span class="label depth-${Math.min(depth, MAX_DEPTH)}" title="${statement ?? span.name}">
      <b>${span.service}</b> ${statement ?? span.name}
    </span>
    <svg role="img" aria-label="after ${duration(offset)}, for ${duration(took)}">
      <rect class="track" width="100%" height="100%"></rect>
      <rect
        class="${span.failed ? "failed" : ""}"
        x="${percentOf(offset)}"
        width="${percentOf(took)}"
        height="100%"
      ></rect>
    </svg>
    <span class="number">${duration(took)}</span>
  </li>`;
}
