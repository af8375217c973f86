import type { Router } from "../../../gateway/terms.ts";
import type { Route } from "../../../services/shared/catalog.ts";
import { routeName } from "../../../services/shared/catalog.ts";
import type { Traffic } from "../traffic.ts";
import { latency, rate } from "./format.ts";
import type { Html } from "./html.ts";
import { html } from "./html.ts";

/** Every route of the catalog: who may use it, what the gateway does about it, and its traffic now. */
export function routesView(
  routes: readonly Route[],
  routers: Readonly<Record<string, Router>>,
  traffic: ReadonlyMap<string, Traffic>,
): Html {
  const rows = routes.map((route) => {
    const { access, service, callers, method, path } = route;
    const exposed = access !== "internal";
    const router = exposed ? routers[routeName(route)] : undefined;
    const now = traffic.get(routeName(route));
    const internal = html`<td colspan="4" class="quiet">
      over mutual TLS, for ${callers.join(", ")} alone
    </td>`;
    return html`<tr id="route-${service}-${routeName(route)}">
      <th scope="row">
        <span class="method">${method}</span> ${path}
        ${router === undefined ? "" : html`<code class="rule">${router.rule}</code>`}
      </th>
      <td><span class="pill ${access}">${access}</span></td>
      <td>${service}</td>
      <td class="chain">${router?.middlewares.map((name) => html`<span>${name}</span>`)}</td>
      ${
        exposed
          ? html`<td class="number">${rate(now?.requests ?? 0)}</td>
              <td class="number">${latency(now?.p95)}</td>
              <td class="number">${rate(now?.refusals ?? 0)}</td>
              <td class="number ${(now?.errors ?? 0) > 0 ? "notable" : ""}">${rate(now?.errors ?? 0)}</td>`
          : internal
      }
    </tr>`;
  });
  return html`<table>
    <thead>
      <tr>
        <th scope="col">Route and rule</th>
        <th scope="col">Who</th>
        <th scope="col">Service</th>
        <th scope="col">On the way</th>
        <th scope="col" class="number">Requests/s</th>
        <th scope="col" class="number">95 %</th>
        <th scope="col" class="number">4xx/s</th>
        <th scope="col" class="number">5xx/s</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}
