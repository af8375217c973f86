import type { SignedIn } from "../support/client.ts";
import { countAnswers } from "../support/raw.ts";
import type { Attack } from "./attack.ts";
import { each, hold, holdStatuses, tally } from "./attack.ts";
import { ambiguousLengths, oddHeads, oddMethods } from "./heads.ts";
import { downgrades, sendFrames } from "./frames.ts";
import { exposed, http1, pathOf } from "./target.ts";

const AT_ONCE = 4;
const taking = exposed.filter(({ method }) => method === "POST");

const smuggling = Object.entries(ambiguousLengths).map(([how, { head, body, refusals }]): Attack => ({
  family: "protocol",
  threat: `a body of two lengths (${how}) is refused or read in one way on every route that takes one, and nobody gets its rest`,
  quick: true,
  async run(target) {
    const victim = await target.signUp();
    const tried = taking.flatMap((route) => Array<typeof route>(AT_ONCE).fill(route));
    const outcomes = await each(tried, async (route) => {
      const request = `POST ${pathOf(route)} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${head}\r\n\r\n${body}`;
      const answer = await target.raw(request, { timeout: 600 });
      // The rest may be a request of the attacker's own on the attacker's own connection, after the first is answered.
      hold(countAnswers(answer) <= 2, `${route.path}: ${countAnswers(answer)} answers to one request`);
      return { what: `POST ${route.path}`, status: answer.status };
    });
    await holdUndisturbed(victim);
    return holdStatuses(outcomes, refusals);
  },
}));

export const protocol: readonly Attack[] = [
  ...smuggling,
  {
    family: "protocol",
    threat: "methods that are none here are refused on every route",
    quick: true,
    async run(target) {
      const tried = exposed.flatMap((route) => oddMethods.map((method) => ({ method, path: pathOf(route) })));
      const outcomes = await each(tried, async ({ method, path }) => {
        const { status } = await target.raw(http1(method, path));
        return { what: `${method} ${path}`, status };
      });
      return holdStatuses(outcomes, [400, 404, 405, 501]);
    },
  },
  {
    family: "protocol",
    threat: "odd heads get a refusal and no error of the server, on every route",
    quick: true,
    async run(target) {
      const tried = exposed.flatMap((route) =>
        Object.entries(oddHeads).map(([how, head]) => ({
          how,
          route,
          request: head(route.method, pathOf(route)),
        })),
      );
      const outcomes = await each(tried, async ({ how, route, request }) => {
        const { status } = await target.raw(request, { timeout: 5_000 });
        return { what: `${route.method} ${route.path}, ${how}`, status, open: route.access === "public" };
      });
      const refusals = [0, 400, 401, 404, 417, 431, 505];
      holdStatuses(
        outcomes.filter(({ open }) => !open),
        refusals,
      );
      return holdStatuses(outcomes, [...refusals, 200, 206, 415, 416]);
    },
  },
  {
    family: "protocol",
    threat: "HTTP/2 that would be two requests, or another one, in HTTP/1.1 is refused on every route",
    quick: true,
    async run(target) {
      const victim = await target.signUp();
      const tried = exposed.flatMap((route) =>
        Object.entries(downgrades).map(([how, fields]) => ({
          how,
          route,
          fields: fields(route.method, pathOf(route)),
        })),
      );
      const outcomes = await each(tried, async ({ how, route, fields }) => ({
        what: `${route.method} ${route.path}, ${how}`,
        status: await sendFrames(target, fields),
        open: route.access === "public",
      }));
      await holdUndisturbed(victim);
      const guarded = outcomes.filter(({ open }) => !open);
      holdStatuses(guarded, [0, 400, 401, 404]);
      hold(
        outcomes.every(({ status }) => status < 500),
        `a server's error: ${outcomes.find(({ status }) => status >= 500)?.what ?? ""}`,
      );
      return tally(outcomes);
    },
  },
  {
    family: "protocol",
    threat:
      "headers over 8 KiB, and the 4 KiB that Go adds, are refused on every route, and others are served on",
    quick: true,
    async run(target) {
      const victim = await target.signUp();
      const sizes = [13_000, 20_000, 200_000, 900_000];
      const tried = exposed.flatMap((route) => sizes.map((size) => ({ route, size })));
      const outcomes = await each(tried, async ({ route, size }) => {
        const head = `X-Padding: ${"x".repeat(size)}\r\n`;
        const { status } = await target.raw(http1(route.method, pathOf(route), head));
        return { what: `${route.method} ${route.path}, ${size} bytes`, status };
      });
      await holdUndisturbed(victim);
      // Where much is still on its way the answer may be lost with the connection.
      return holdStatuses(outcomes, [0, 431]);
    },
  },
];

/** @throws Broken where a bystander gets anything but the own answer */
export async function holdUndisturbed({ client, id, username }: SignedIn): Promise<void> {
  const own = JSON.stringify({ id, username });
  const answers = await each(Array.from({ length: 6 }), () => client.get("/authentication/whoami"));
  for (const { status, json } of answers)
    hold(status === 200 && JSON.stringify(json) === own, `a bystander got ${status} ${JSON.stringify(json)}`);
}
