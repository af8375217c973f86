import type { WatchedProcess } from "../../kept-process.ts";
import type { Drill } from "../drills.ts";
import type { Window } from "../samples.ts";
import { requestsByProcess } from "../traffic.ts";
import { age, megabytes, percent, rate } from "./format.ts";
import type { Html } from "./html.ts";
import { html } from "./html.ts";

/** Every process with its health, what it uses, and the drills that fit it. */
export function processesView(
  processes: readonly WatchedProcess[],
  window: Window,
  drills: readonly Drill[],
  now: number,
): Html {
  const requests = requestsByProcess(window);
  const cpu = new Map(
    window.increases("process_cpu_seconds_total").map((one) => [one.process, one.perSecond]),
  );
  const memory = byProcess(window, "process_resident_memory_bytes");
  const started = byProcess(window, "process_start_time_seconds");
  const rows = processes.map((process) => {
    const { name, pid, restarts, ready } = process;
    const since = started.get(name);
    return html`<tr id="process-${name}">
      <th scope="row">${name}</th>
      <td>${state(ready, pid)}</td>
      <td class="number">${pid ?? "–"}</td>
      <td class="number">${age(since === undefined ? undefined : now / 1000 - since)}</td>
      <td class="number ${restarts > 0 ? "notable" : ""}" data-restarts>${restarts}</td>
      <td class="number">${percent(cpu.get(name))}</td>
      <td class="number">${megabytes(memory.get(name))}</td>
      <td class="number">${rate(requests.get(name) ?? (since === undefined ? undefined : 0))}</td>
      ${drills.length > 0 ? html`<td class="drills">${drills.map((drill) => button(drill, process))}</td>` : ""}
    </tr>`;
  });
  return html`<table>
    <thead>
      <tr>
        <th scope="col">Process</th>
        <th scope="col">Health</th>
        <th scope="col" class="number">Pid</th>
        <th scope="col" class="number">Up for</th>
        <th scope="col" class="number">Restarts</th>
        <th scope="col" class="number">CPU</th>
        <th scope="col" class="number">Memory</th>
        <th scope="col" class="number">Requests/s</th>
        ${drills.length > 0 ? html`<th scope="col" class="drills">Drills</th>` : ""}
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}

function byProcess(window: Window, metric: string): ReadonlyMap<string, number> {
  return new Map(window.latest(metric).map(({ process, value }) => [process, value]));
}

function state(ready: boolean, pid: number | undefined): Html {
  if (ready) return html`<span class="pill good">ready</span>`;
  return pid === undefined
    ? html`<span class="pill bad">down</span>`
    : html`<span class="pill warn">not ready</span>`;
}

function button(drill: Drill, process: WatchedProcess): Html | string {
  if (!drill.fits(process)) return "";
  return html`<form method="post" action="/drills/${drill.name}">
    <button name="process" value="${process.name}" title="${drill.tells}">${drill.name}</button>
  </form>`;
}
