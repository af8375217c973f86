import type { LogLine } from "../../log-lines.ts";
import { LEVELS } from "../../log-lines.ts";
import type { TailFilter } from "../log-tail.ts";
import type { Html } from "./html.ts";
import { html } from "./html.ts";

/** What chooses lines: without a script it is sent by its button. */
export function logFilterView(names: readonly string[], filter: TailFilter): Html {
  const option = (value: string, label: string, chosen: string | undefined) =>
    html`<option value="${value}" ${value === (chosen ?? "") ? html`selected` : ""}>${label}</option>`;
  return html`<form id="log-filter" method="get" action="/">
    <label
      >Process
      <select name="process">
        ${option("", "all", filter.process)} ${names.map((name) => option(name, name, filter.process))}
      </select>
    </label>
    <label
      >Level
      <select name="level">
        ${option("", "any", filter.level)}
        ${LEVELS.map((level) => option(level, `${level} or worse`, filter.level))}
      </select>
    </label>
    <label
      >Contains
      <input
        type="search"
        name="text"
        value="${filter.text ?? ""}"
        placeholder="a route, a request's or trace's id, ..."
      />
    </label>
    <button>Show</button>
  </form>`;
}

/** Lines, the newest first: what happens is seen without scrolling. */
export function logLinesView(lines: readonly LogLine[]): Html {
  if (lines.length === 0) return html`<p class="quiet">No line fits.</p>`;
  return html`<ol class="log">
    ${lines
      .toReversed()
      .map(
        ({ time, process, level, text, requestId }) =>
          html`<li class="${level}">
            <time>${time?.slice(11, 23).replace("Z", "") ?? ""}</time><span class="process">${process}</span
            ><span class="level">${level}</span><span class="text">${text}</span
            ><span class="request">${requestId ?? ""}</span>
          </li>`,
      )}
  </ol>`;
}
