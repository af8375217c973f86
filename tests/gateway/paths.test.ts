import { describe, expect, inject, it } from "vitest";
import { catalog } from "../../services/catalog.ts";
import { allRoutes } from "../../services/shared/catalog.ts";
import { isLoopback, loopbackAddress, signUp } from "../support/client.ts";
import { sendRaw } from "../support/raw.ts";

const outputs = inject("outputs");
const routes = allRoutes(catalog, { drills: true });

/** Ways to write a path so that one parser on the way may read it as another. */
const spellings: [string, (path: string) => string][] = [
  ["a trailing slash", (path) => `${path}/`],
  ["a trailing dot", (path) => `${path}.`],
  ["a trailing space", (path) => `${path}%20`],
  ["a null character", (path) => `${path}%00`],
  ["a parameter", (path) => `${path};x=y`],
  ["an encoded semicolon", (path) => `${path}%3bx`],
  ["an encoded question mark", (path) => `${path}%3f`],
  ["an encoded number sign", (path) => `${path}%23`],
  ["a line feed", (path) => `${path}%0a`],
  ["upper case", (path) => path.toUpperCase()],
  ["a double slash at the start", (path) => `/${path}`],
  ["double slashes", (path) => path.replaceAll("/", "//")],
  ["encoded slashes", (path) => `/${path.slice(1).replaceAll("/", "%2f")}`],
  ["twice encoded slashes", (path) => `/${path.slice(1).replaceAll("/", "%252f")}`],
  [
    "an encoded first letter",
    (path) => path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  ],
  [
    "a twice encoded letter",
    (path) => path.replace(/[a-z]/, (letter) => `%25${letter.charCodeAt(0).toString(16)}`),
  ],
  ["an overlong slash", (path) => path.replace(/(?<=.)\//, "%c0%af")],
  ["backslashes", (path) => path.replaceAll("/", "\\")],
  ["encoded backslashes", (path) => `/${path.slice(1).replaceAll("/", "%5c")}`],
  ["a dot segment", (path) => `/.${path}`],
  ["an encoded dot segment", (path) => `/%2e${path}`],
  ["a way round through a public route", (path) => `/authentication/login/../..${path}`],
  ["an encoded way round", (path) => `/authentication/login/%2e%2e/%2e%2e${path}`],
  ["a way round with encoded slashes", (path) => `/authentication/login/..%2f..${path}`],
  ["a way round behind a parameter", (path) => `/authentication/openapi.json/..;/..${path}`],
  ["a whole URL", (path) => `https://localhost${path}`],
  ["another host's URL", (path) => `http://orders${path}`],
];

const shut = routes.filter(({ access }) => access !== "public");

describe.each(
  shut.map(({ method, path, access }) => ({ method, path: path.replace("{id}", "moka-pot"), access })),
)("$method $path", ({ method, path, access }) => {
  it.each(spellings)("with %s gives a stranger nothing", async (_how, spell) => {
    expect([400, 401, 404, 429]).toContain(await statusOf(method, spell(path), ""));
  });

  it.runIf(access === "internal")(
    "is no route of the gateway for a signed-in user, however it is spelt",
    async () => {
      const { client } = await signUp();
      const authorization = `Authorization: Bearer ${client.cookies.get("jwt") ?? ""}\r\n`;
      for (const [, spell] of spellings) {
        expect([400, 404, 429]).toContain(await statusOf(method, spell(path), authorization));
      }
    },
  );
});

/** The status of a request whose path is sent as it is, from an address of its own where that can be. */
async function statusOf(method: string, target: string, headers: string): Promise<number> {
  const local = isLoopback(outputs.gatewayUrl) && process.platform === "linux";
  const request = `${method} ${target} HTTP/1.1\r\nHost: localhost\r\n${headers}Content-Length: 0\r\nConnection: close\r\n\r\n`;
  const { status } = await sendRaw(outputs.gatewayUrl, outputs.gatewayCa, request, {
    ...(local ? { localAddress: loopbackAddress() } : {}),
  });
  return status;
}
