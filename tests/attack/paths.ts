import type { Attack } from "./attack.ts";
import { each, hold, holdStatuses } from "./attack.ts";
import { bearer, exposed, http1, isPublic, pathOf, routes } from "./target.ts";

const hexOf = (letter: string) => letter.charCodeAt(0).toString(16);
const rest = (path: string) => path.slice(1);

/** Ways to write a path so that one parser on the way may read it as another. */
const spellings: Record<string, (path: string) => string> = {
  "a trailing slash": (path) => `${path}/`,
  "a trailing dot": (path) => `${path}.`,
  "a trailing space": (path) => `${path}%20`,
  "a null character": (path) => `${path}%00`,
  "a parameter": (path) => `${path};x=y`,
  "an encoded semicolon": (path) => `${path}%3bx`,
  "an encoded question mark": (path) => `${path}%3f`,
  "an encoded number sign": (path) => `${path}%23`,
  "a line feed": (path) => `${path}%0a`,
  "upper case": (path) => path.toUpperCase(),
  "a double slash at the start": (path) => `/${path}`,
  "double slashes": (path) => path.replaceAll("/", "//"),
  "encoded slashes": (path) => `/${rest(path).replaceAll("/", "%2f")}`,
  "twice encoded slashes": (path) => `/${rest(path).replaceAll("/", "%252f")}`,
  "an encoded first letter": (path) => path.replace(/[a-z]/, (letter) => `%${hexOf(letter)}`),
  "a twice encoded letter": (path) => path.replace(/[a-z]/, (letter) => `%25${hexOf(letter)}`),
  "an overlong slash": (path) => path.replace(/(?<=.)\//, "%c0%af"),
  backslashes: (path) => path.replaceAll("/", "\\"),
  "encoded backslashes": (path) => `/${rest(path).replaceAll("/", "%5c")}`,
  "a dot segment": (path) => `/.${path}`,
  "an encoded dot segment": (path) => `/%2e${path}`,
  "a way round through a public route": (path) => `/authentication/login/../..${path}`,
  "an encoded way round": (path) => `/authentication/login/%2e%2e/%2e%2e${path}`,
  "a way round with encoded slashes": (path) => `/authentication/login/..%2f..${path}`,
  "a way round behind a parameter": (path) => `/authentication/openapi.json/..;/..${path}`,
  "a whole URL": (path) => `https://localhost${path}`,
  "another host's URL": (path) => `http://orders${path}`,
};

const shut = routes.filter((route) => !isPublic(route));
const internal = routes.filter(({ access }) => access === "internal");

/** Routes of which a client chooses a segment. */
const open = exposed.filter(({ path }) => path.includes("{"));
/** What is a separator, or the end of a text, to some parser once it is decoded. */
const encoded = ["%2f", "%5c", "%00", "%3b", "%25", "%3f", "%23"];
const dots = [".", "..", "%2e", "%2e%2e", ".%2e"];

const forStrangers = Object.entries(spellings).map(([how, spell]): Attack => ({
  family: "paths",
  threat: `a path with ${how} gives a stranger nothing, on all ${shut.length} routes that are not public`,
  quick: true,
  async run(target) {
    const outcomes = await each(shut, async (route) => {
      const path = spell(pathOf(route));
      const { status } = await target.raw(http1(route.method, path));
      return { what: `${route.method} ${path}`, status };
    });
    return holdStatuses(outcomes, [400, 401, 404]);
  },
}));

export const paths: readonly Attack[] = [
  ...forStrangers,
  {
    family: "paths",
    threat: "no spelling leads a signed-in user to an internal route",
    quick: true,
    async run(target) {
      const token = bearer(await target.signUp());
      const tried = internal.flatMap((route) =>
        Object.values(spellings).map((spell) => ({ ...route, path: spell(route.path) })),
      );
      const outcomes = await each(tried, async ({ method, path }) => {
        const { status } = await target.raw(http1(method, path, token));
        return { what: `${method} ${path}`, status };
      });
      return holdStatuses(outcomes, [400, 404]);
    },
  },
  {
    family: "paths",
    threat: "what lies below a route's path, or goes on where it ends, is no route, on every route",
    quick: true,
    async run(target) {
      const tried = routes.flatMap((route) =>
        ["/x", "x"].map((more) => ({ method: route.method, path: pathOf(route) + more })),
      );
      const outcomes = await each(tried, async ({ method, path }) => {
        return { what: `${method} ${path}`, status: (await target.raw(http1(method, path))).status };
      });
      return holdStatuses(outcomes, [404]);
    },
  },
  {
    family: "paths",
    threat: `a segment that a client chooses (${open.length} route) is refused with an encoded separator, and is no dot segment`,
    quick: true,
    async run(target) {
      const token = bearer(await target.signUp());
      const ask = (values: readonly string[]) =>
        each(
          open.flatMap((route) => values.map((value) => ({ route, value }))),
          async ({ route, value }) => {
            const { status, head } = await target.raw(http1(route.method, pathOf(route, value), token));
            return { what: `${route.path} with ${value}`, status, head };
          },
        );
      const separators = await ask(encoded.flatMap((sign) => [`moka-pot${sign}`, `moka${sign}pot`]));
      const segments = await ask(dots);
      for (const { what, head } of segments)
        hold(!/^x-request-id:/im.test(head), `${what}: a service answers`);
      return `${holdStatuses(separators, [400])}; ${holdStatuses(segments, [404])} of the gateway`;
    },
  },
];
