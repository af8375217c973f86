import { randomBytes } from "node:crypto";
import { linesWith } from "../support/log-lines.ts";
import { eventually } from "../support/wait.ts";
import type { Attack } from "./attack.ts";
import { each, hold, tally } from "./attack.ts";
import { forgedHeaders } from "./spellings.ts";
import { bearer, exposed, http1, isDrill, isPublic, pathOf } from "./target.ts";

const isLogout = ({ path }: { path: string }) => path.endsWith("/logout");
/** The check of tokens, which answers the gateway. */
const CHECKS = ["/validate", "/limit"];

/**
 * No answer of these services depends on an identity header that a check did not set, for checks replace those that they
 * set. But a service gives two signs of what it saw: it echoes the headers of the limiter, which the gateway takes away
 * together with those of the identity, and it logs the user that its request names.
 */
export const seen: readonly Attack[] = [
  {
    family: "identity",
    threat:
      "the headers of the limiter, which the gateway takes away with those of the identity, are echoed by no service",
    quick: true,
    async run(target) {
      const [alice, leaver, admin] = [await target.signUp(), await target.signUp(), await target.admin()];
      const forged = `forged-${randomBytes(6).toString("hex")}`;
      const head = ["RateLimit", "ratelimit-policy"].map((name) => `${name}: ${forged}\r\n`).join("");
      const tried = exposed.filter((route) => !isDrill(route));
      const outcomes = await each(tried, async (route) => {
        const { access, method, path } = route;
        const client = access === "admin" ? admin : (isLogout(route) ? leaver : alice).client;
        const answer = await target.raw(
          http1(method, pathOf(route), isPublic(route) ? head : bearer({ client }) + head),
        );
        const what = `${method} ${path}`;
        // Only a service's own answer says anything.
        hold(/^x-request-id:/im.test(answer.head), `${what}: no service answers, but ${answer.status}`);
        hold(!answer.head.includes(forged), `${what}: the service saw the header`);
        return { what, status: answer.status };
      });
      return tally(outcomes);
    },
  },
  {
    family: "identity",
    threat:
      "the user whom services see, and log, is the token's and on public routes nobody, however another is forged",
    quick: true,
    needs: ["state"],
    async run(target) {
      const { state = "" } = target;
      const [alice, bob] = await Promise.all([target.signUp(), target.signUp()]);
      const marker = randomBytes(6).toString("hex");
      const tried = exposed
        .filter(
          (route) => isPublic(route) || (route.access === "user" && !isDrill(route) && !isLogout(route)),
        )
        .flatMap((route) => Object.values(forgedHeaders).map((forge) => ({ route, ...forge(bob.id) })));
      const reached = await each(tried, async ({ route, head, trailer }, index) => {
        const id = `${marker}-${index}`;
        const token = isPublic(route) ? "" : bearer(alice);
        const request = `${token}X-Request-ID: ${id}\r\n${head}`;
        const answer = await target.raw(http1(route.method, pathOf(route), request, trailer));
        return answer.head.includes(id) ? [{ id, user: isPublic(route) ? undefined : alice.id }] : [];
      });
      const users = new Map(reached.flat().map(({ id, user }) => [id, user]));
      hold(users.size > 0, "no request reached a service");
      const lines = await eventually(`a line of ${users.size} requests`, () => {
        const found = linesWith(state, marker).filter(
          ({ route }) => typeof route === "string" && !CHECKS.includes(route),
        );
        return found.length >= users.size && found;
      });
      for (const { service, route, requestId, userId } of lines)
        hold(
          userId === users.get(String(requestId)),
          `${String(service)} sees ${String(userId)} at ${String(route)}`,
        );
      return `${lines.length} lines of services, of which none names the victim`;
    },
  },
];
