import type { Point } from "../samples.ts";
import { HISTORY } from "../samples.ts";
import type { Refusal, Traffic } from "../traffic.ts";
import { latency, rate } from "./format.ts";
import type { Html } from "./html.ts";
import { html } from "./html.ts";

/** What comes in at the gateway: now in numbers, the last minutes as lines, and what was refused why. */
export function trafficView(
  traffic: Traffic,
  points: readonly Point<Traffic>[],
  refusals: readonly Refusal[],
): Html {
  const line = (value: (traffic: Traffic) => number) =>
    points.map((point) => ({ at: point.at, value: value(point) }));
  return html`<div class="tiles">
      ${tile(
        "requests",
        "Requests/s",
        rate(traffic.requests),
        line((of) => of.requests),
      )}
      ${tile(
        "median",
        "Half within",
        latency(traffic.median),
        line((of) => of.median ?? 0),
      )}
      ${tile(
        "p95",
        "95 % within",
        latency(traffic.p95),
        line((of) => of.p95 ?? 0),
      )}
      ${tile(
        "refused",
        "Refused (4xx)/s",
        rate(traffic.refusals),
        line((of) => of.refusals),
      )}
      ${tile(
        "failed",
        "Failed (5xx)/s",
        rate(traffic.errors),
        line((of) => of.errors),
      )}
    </div>
    ${refusals.length === 0 ? html`<p class="quiet">Nothing was refused yet.</p>` : refusalsTable(refusals)}`;
}

type Line = readonly { readonly at: number; readonly value: number }[];

function tile(id: string, title: string, value: string, line: Line): Html {
  return html`<div class="tile" id="tile-${id}">
    <span class="title">${title}</span><span class="value">${value}</span>${chart(line)}
  </div>`;
}

const [WIDTH, HEIGHT] = [240, 40];

/** From the left edge, where history begins, to now at the right; from 0 at the bottom. */
function chart(line: Line): Html {
  const now = line.at(-1)?.at ?? 0;
  const most = Math.max(...line.map(({ value }) => value), Number.MIN_VALUE);
  const points = line.map(({ at, value }) => {
    const x = WIDTH * (1 - (now - at) / HISTORY);
    const y = HEIGHT - 2 - (HEIGHT - 4) * (value / most);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">
    <polyline points="${points.join(" ")}"></polyline>
  </svg>`;
}

function refusalsTable(refusals: readonly Refusal[]): Html {
  return html`<table class="narrow">
    <thead>
      <tr>
        <th scope="col">Refused by</th>
        <th scope="col">Status or code</th>
        <th scope="col" class="number">In all</th>
        <th scope="col" class="number">Now/s</th>
      </tr>
    </thead>
    <tbody>
      ${refusals.map(
        ({ by, reason, total, perSecond }) =>
          html`<tr id="refusal-${by}-${reason}">
            <td>${by}</td>
            <td><code>${reason}</code></td>
            <td class="number">${total}</td>
            <td class="number">${rate(perSecond)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}
