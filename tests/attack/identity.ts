import type { Attack } from "./attack.ts";
import { each, hold, holdStatuses, tally } from "./attack.ts";
import { overHttp2 } from "./http2.ts";
import { seen } from "./seen.ts";
import { forgedHeaders, forwardedRequest, isAlias, proxyHeaders } from "./spellings.ts";
import { bearer, exposed, http1, isDrill, isPublic, ofPresent, pathOf } from "./target.ts";

const guarded = exposed.filter((route) => !isPublic(route));
/** Routes to ask with a good token: no drill, and no logout, which would end the token's session. */
const asked = guarded.filter((route) => !isDrill(route) && !route.path.endsWith("/logout"));
/** A token that no check accepts. */
const REFUSED = "Authorization: Bearer a.b.c\r\n";

const spellings = Object.entries(forgedHeaders);
const aliases = spellings.filter(([how]) => isAlias(how));

const strangers = spellings
  .filter(([how]) => !isAlias(how))
  .map(([how, forge]): Attack => ({
    family: "identity",
    threat: `X-User-ID and -Role ${how} are no identity, on every route, without a token or with a refused one`,
    quick: true,
    async run(target) {
      const { id } = await target.signUp();
      const tried = exposed.flatMap((route) => ["", REFUSED].map((token) => ({ route, token })));
      const outcomes = await each(tried, async ({ route, token }) => {
        const { head, trailer } = forge(id);
        const { status } = await target.raw(http1(route.method, pathOf(route), token + head, trailer));
        return {
          what: `${route.method} ${route.path}${token === "" ? "" : ", refused token"}`,
          status,
          route,
        };
      });
      holdStatuses(
        ofPresent(outcomes).filter(({ route }) => !isPublic(route)),
        [400, 401],
      );
      // A public route answers as it does to anybody: with its document, or that a body is missing.
      holdStatuses(
        outcomes.filter(({ route }) => isPublic(route)),
        [200, 400, 401, 415],
      );
      return tally(outcomes);
    },
  }));

export const identity: readonly Attack[] = [
  ...strangers,
  {
    family: "identity",
    threat: `a request with an alias of X-User-ID and -Role (${aliases.length} spellings) is refused as it comes, on every route`,
    quick: true,
    async run(target) {
      const alice = await target.signUp();
      const tried = exposed.flatMap((route) =>
        aliases.flatMap(([how, forge]) =>
          ["", REFUSED, ...(asked.includes(route) ? [bearer(alice)] : [])].map((token) => ({
            what: `${route.method} ${route.path}, ${how}`,
            request: http1(route.method, pathOf(route), token + forge(alice.id).head),
          })),
        ),
      );
      const outcomes = await each(tried, async ({ what, request }) => {
        return { what, status: (await target.raw(request)).status };
      });
      // 401 would mean that only the token was looked at: a service that reads an alias would see it with a good one.
      return holdStatuses(outcomes, [400]);
    },
  },
  ...seen,
  {
    family: "identity",
    threat:
      "a signed-in user who sends another's id in any spelling stays who the token says, and gets no role",
    quick: true,
    async run(target) {
      const [alice, bob] = await Promise.all([target.signUp(), target.signUp()]);
      const bought = await bob.client.post("/products/filter-paper/buy");
      const order = (bought.json as { id: string }).id;
      const tried = asked.flatMap((route) =>
        Object.entries(forgedHeaders).map(([how, forge]) => ({ route, how, ...forge(bob.id) })),
      );
      const outcomes = await each(tried, async ({ route, how, head, trailer }) => {
        const request = http1(route.method, pathOf(route), bearer(alice) + head, trailer);
        const { status, body } = await target.raw(request);
        const what = `${route.method} ${route.path}, ${how}`;
        hold(!body.includes(bob.id) && !body.includes(order), `${what}: the answer is another user's`);
        if (route.access === "admin") holdStatuses([{ what, status }], [400, 401, 403]);
        if (route.path === "/authentication/whoami" && status === 200)
          hold(body.includes(alice.id), `${what}: not the token's user`);
        return { what, status };
      });
      return holdStatuses(outcomes, [200, 400, 401, 403, 404, 415]);
    },
  },
  {
    family: "identity",
    threat:
      "what is bought, and the session that ends, are the token's user's, whatever id the request claims",
    quick: true,
    async run(target) {
      const [alice, bob] = await Promise.all([target.signUp(), target.signUp()]);
      const headers = { "x-user-id": bob.id, "x-user-role": "admin" };
      const orders = async (who: typeof alice) => {
        const { status, json } = await who.client.get("/orders");
        hold(status === 200, `the orders answer ${status}`);
        return (json as { items: unknown[] }).items.length;
      };
      await alice.client.post("/products/filter-paper/buy", undefined, { headers });
      const counts = [await orders(alice), await orders(bob)];
      hold(counts[0] === 1 && counts[1] === 0, `orders of attacker and victim: ${counts.join(" and ")}`);
      await alice.client.post("/authentication/logout", undefined, { headers });
      const { status } = await bob.client.get("/authentication/whoami");
      hold(status === 200, `the victim's session answers ${status}`);
      return "1 order for the attacker, 0 for the victim, whose session goes on";
    },
  },
  {
    family: "identity",
    threat:
      "what a proxy tells of the request as it was (X-Forwarded-Uri, X-Original-URL, ...) opens no route",
    quick: true,
    async run(target) {
      const headers = {
        ...forwardedRequest,
        ...Object.fromEntries(proxyHeaders.map((name) => [name, "127.0.0.1"])),
      };
      const tried = guarded.flatMap((route) => Object.entries(headers).map((header) => ({ route, header })));
      const outcomes = await each(tried, async ({ route, header: [name, value] }) => {
        const { status } = await target.raw(http1(route.method, pathOf(route), `${name}: ${value}\r\n`));
        return { what: `${route.method} ${route.path} with ${name}`, status, route };
      });
      return holdStatuses(ofPresent(outcomes), [401]);
    },
  },
  {
    family: "identity",
    threat: "over HTTP/2 the identity headers are no identity either, in headers or trailers, on every route",
    quick: true,
    async run(target) {
      const [alice, bob] = await Promise.all([target.signUp(), target.signUp()]);
      const token = { authorization: `Bearer ${alice.client.cookies.get("jwt") ?? ""}` };
      const forged: Record<string, string | string[]>[] = [
        { "x-user-id": bob.id, "x-user-role": "admin" },
        { "x-user-id": [bob.id, bob.id], "x-user-role": ["admin", "admin"] },
        { x_user_id: bob.id, x_user_role: "admin" },
        { "x.user.id": bob.id },
      ];
      const tried = asked.flatMap((route) =>
        forged.flatMap((extra) =>
          [{}, token].flatMap((credentials) =>
            [{}, extra].map((trailers) => ({ route, extra, credentials, trailers })),
          ),
        ),
      );
      const outcomes = await each(tried, async ({ route, extra, credentials, trailers }) => {
        const headers = { ":method": route.method, ":path": pathOf(route), ...credentials, ...extra };
        const { status, body } = await overHttp2(target, { headers, trailers });
        const what = `${route.method} ${route.path} with ${Object.keys(extra).join(", ")}`;
        hold(!body.includes(bob.id), `${what}: the answer is another user's`);
        const refused = credentials !== token || route.access === "admin";
        const answers = refused ? [400, 401, 403] : [200, 400, 404, 415];
        holdStatuses([{ what, status }], /[_.]/.test(Object.keys(extra).join()) ? [400] : answers);
        return { what, status };
      });
      return tally(outcomes);
    },
  },
];
